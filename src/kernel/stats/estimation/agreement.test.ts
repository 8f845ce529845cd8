import { expect, test } from 'bun:test';
import { seededRandom } from '../numeric/random.ts';
import { cohenKappa } from './agreement.ts';

test("Cohen's κ: the textbook grant example is .4", () => {
  // 50 proposals: both yes 20, both no 15, 5 and 10 disagree.
  const a = [...new Array(25).fill('yes'), ...new Array(25).fill('no')];
  const b = [
    ...new Array(20).fill('yes'),
    ...new Array(5).fill('no'),
    ...new Array(10).fill('yes'),
    ...new Array(15).fill('no'),
  ];
  const k = cohenKappa(a, b, { random: seededRandom('kappa'), runs: 400 });
  expect(k.estimate).toBeCloseTo(0.4, 12);
  expect(k.lower).toBeLessThan(0.3);
  expect(() => cohenKappa(['x', 'x'], ['x', 'x'], { random: seededRandom(1) })).toThrow('a ');
});
