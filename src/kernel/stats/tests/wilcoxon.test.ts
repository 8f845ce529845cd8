import { expect, test } from 'bun:test';
import { wilcoxonSignedRank } from './wilcoxon.ts';

test('Wilcoxon: Hollander and Wolfe p. 29, depression scores', () => {
  const x = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
  const y = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
  const r = wilcoxonSignedRank(
    x.map((v, i) => v - y[i]!),
    'greater',
  );
  expect(r.statistic).toBe(40);
  expect(r.p).toBeCloseTo(0.01953, 5);
});
