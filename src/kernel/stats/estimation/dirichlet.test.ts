import { expect, test } from 'bun:test';
import { drawBinomial, seededRandom } from '../numeric/random.ts';
import { drawMix, mixLogEvidence, mixShares } from './dirichlet.ts';

test('Dirichlet shares cover, and the evidence of two categories is the Beta function', () => {
  const random = seededRandom('dirichlet');
  let covered = 0;
  for (let i = 0; i < 300; i++) {
    const k = drawBinomial(random, 200, 0.1);
    const [share] = mixShares([k, 200 - k]);
    if (share!.lower <= 0.1 && share!.upper >= 0.1) covered++;
  }
  expect(covered / 300).toBeGreaterThan(0.91);
  expect(mixLogEvidence([3, 0], [1, 1])).toBeCloseTo(Math.log(1 / 4), 12);
  expect(drawMix(random, [5, 5, 90]).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
});
