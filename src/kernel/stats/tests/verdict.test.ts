import { expect, test } from 'bun:test';
import { compareVerdict } from './verdict.ts';

test('the three verdicts', () => {
  const d = (lower: number, upper: number, n: number) => ({ estimate: (lower + upper) / 2, lower, upper, n });
  expect(compareVerdict(d(0.01, 0.05, 10), 100)).toMatchObject({ verdict: 'better', which: 'after' });
  expect(compareVerdict(d(-0.05, -0.01, 200), 100)).toMatchObject({ verdict: 'better', which: 'before' });
  expect(compareVerdict(d(-0.01, 0.01, 200), 100).verdict).toBe('no difference shown');
  expect(compareVerdict(d(-0.01, 0.01, 60), 100)).toMatchObject({ verdict: 'insufficient', missing: 40 });
  expect(() => compareVerdict(d(0.2, 0.1, 5), 10)).toThrow('difference.lower');
});
