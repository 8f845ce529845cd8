import { expect, test } from 'bun:test';
import { seededRandom } from '../numeric/random.ts';
import { twoSampleRates } from './two-sample.ts';

test('two-sample e-process: type I below alpha, and a real change found', () => {
  const rule = twoSampleRates({ alpha: 0.05 });
  const random = seededRandom('two');
  const found = (a: number, b: number, blocks: number) => {
    let state = rule.start;
    for (let i = 0; i < blocks; i++) {
      state = rule.step(state, { before: random() < a ? 1 : 0, after: random() < b ? 1 : 0 });
      if (rule.read(state).alarm) return true;
    }
    return false;
  };
  const share = (a: number, b: number, blocks: number, runs: number) =>
    Array.from({ length: runs }, () => found(a, b, blocks)).filter(Boolean).length / runs;
  expect(share(0.1, 0.1, 500, 400)).toBeLessThan(0.08);
  expect(share(0.9, 0.6, 200, 100)).toBeGreaterThan(0.95);
});
