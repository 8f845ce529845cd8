/**
 * The three-way verdict of a comparison.
 *
 * Formula: better, when the interval of after − before excludes 0 (named by the sign: which side); else no difference shown, when n reaches the planned n; else insufficient.
 * Assumes: higher is better; the interval is honest for how often it was looked at; `needed` was planned for the smallest difference that matters, before the data.
 * Cost: O(1).
 * Lies when: «no difference shown» is read as «equal» (that is TOST's business), or n was planned for an effect nobody would accept.
 * Reference: Miller, "Adding Error Bars to Evals", 2024; the words follow the product's rule that no data is never a pass.
 */
import { checkCount, checkFinite, checkPositiveCount } from '../check.ts';
import { StatsError } from '../error.ts';
import type { Estimate } from '../types.ts';

export type ComparisonVerdict = Estimate & { readonly needed: number } & (
    | { readonly verdict: 'better'; readonly which: 'before' | 'after' }
    | { readonly verdict: 'no difference shown' }
    | { readonly verdict: 'insufficient'; readonly missing: number }
  );

/** Verdict on a difference after − before with its interval; `needed` is the planned n in the unit of `difference.n`. */
export function compareVerdict(difference: Estimate, needed: number): ComparisonVerdict {
  const { estimate, lower, upper, n } = difference;
  checkFinite('difference.estimate', estimate);
  checkFinite('difference.lower', lower);
  checkFinite('difference.upper', upper);
  checkCount('difference.n', n);
  checkPositiveCount('needed', needed);
  if (lower > upper) throw new StatsError('difference.lower', 'must not exceed upper');
  const base = { estimate, lower, upper, n, needed };
  if (lower > 0) return { ...base, verdict: 'better', which: 'after' };
  if (upper < 0) return { ...base, verdict: 'better', which: 'before' };
  if (n >= needed) return { ...base, verdict: 'no difference shown' };
  return { ...base, verdict: 'insufficient', missing: needed - n };
}
