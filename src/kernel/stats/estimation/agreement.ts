/**
 * Cohen's κ: agreement of a judge with human labels beyond chance.
 *
 * Formula: κ = (p_o − p_e)/(1 − p_e), p_e from both margins; interval by bootstrap over items.
 * Assumes: each item labelled once by both; items independent.
 * Cost: O(n) per bootstrap run.
 * Lies when: one label is rare: κ is then low at high agreement; compare κ only between sets of similar margins.
 * Reference: Cohen 1960; Efron 1979.
 */
import { checkLength, checkSameLength } from '../check.ts';
import { StatsError } from '../error.ts';
import { type BootstrapRule, bootstrap } from '../intervals/bootstrap.ts';
import type { Estimate } from '../types.ts';

type Label = string | number | boolean;

function kappaOf(pairs: readonly (readonly [Label, Label])[]): number | undefined {
  const left = new Map<Label, number>();
  const right = new Map<Label, number>();
  let agreed = 0;
  for (const [a, b] of pairs) {
    if (a === b) agreed++;
    left.set(a, (left.get(a) ?? 0) + 1);
    right.set(b, (right.get(b) ?? 0) + 1);
  }
  const n = pairs.length;
  let chance = 0;
  for (const [label, count] of left) chance += (count / n) * ((right.get(label) ?? 0) / n);
  return chance === 1 ? undefined : (agreed / n - chance) / (1 - chance);
}

/** κ with a percentile bootstrap interval. Throws when both sides hold one and the same label only. */
export function cohenKappa(a: readonly Label[], b: readonly Label[], rule: BootstrapRule): Estimate {
  checkLength('a', a, 2);
  checkSameLength('a', a, 'b', b);
  const pairs = a.map((label, i) => [label, b[i]!] as const);
  if (kappaOf(pairs) === undefined) throw new StatsError('a', 'and b hold one label only');
  // A resample of one label only shows perfect agreement and no variation; it counts as 1.
  return bootstrap(pairs, (resample) => kappaOf(resample) ?? 1, rule);
}
