/**
 * McNemar's exact test: the same Cases before and after.
 *
 * Formula: b Cases flipped one way, c the other; under no change b ~ Bin(b+c, ½). Two-sided p = min(1, 2·P(Bin ≥ max(b, c))); one-sided p = P(Bin ≥ b).
 * Assumes: each Case is independent of the others; both runs of a Case under the same conditions but for the change.
 * Cost: one incomplete beta, 1 µs.
 * Lies when: Cases come in families (one document, ten questions): then flips are fewer than they look and the cluster bootstrap is the right tool; when b is chosen as the larger side afterwards and read one-sided.
 * Reference: McNemar 1947; exact form Agresti, Categorical Data Analysis, section 11.1.
 */
import { checkCount } from '../check.ts';
import { binomialTail } from '../numeric/beta.ts';
import type { TestResult } from '../types.ts';

/** `b` counts the direction that the one-sided form watches; n is the number of discordant pairs. */
export function mcnemar(b: number, c: number, sides: 'one-sided' | 'two-sided' = 'two-sided'): TestResult {
  checkCount('b', b);
  checkCount('c', c);
  const n = b + c;
  const p =
    sides === 'one-sided' ? binomialTail(b, n, 0.5) : Math.min(1, 2 * binomialTail(Math.max(b, c), n, 0.5));
  return { statistic: b - c, p, n };
}
