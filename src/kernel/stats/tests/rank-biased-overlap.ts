/**
 * Rank-biased overlap: similarity of two ranked lists whose members may differ.
 *
 * Formula: extrapolated RBO_ext = (X_k/k)·p^k + (1−p)/p·Σ_{d≤k} (X_d/d)·p^d, X_d the members shared by the first d of both, k the common depth; p = .9 puts 86 % of the weight on the first ten ranks.
 * Assumes: no member twice in one list; beyond the shorter list agreement goes on as it was.
 * Cost: O(k).
 * Lies when: the lists are much shorter than 1/(1−p): the extrapolated part then decides.
 * Reference: Webber, Moffat and Zobel, ACM TOIS 2010, equation 23 for equal depth.
 */
import { checkInnerProbability, checkLength } from '../check.ts';
import { StatsError } from '../error.ts';

/** Similarity in [0, 1]; both lists are read to the depth of the shorter. */
export function rankBiasedOverlap(a: readonly string[], b: readonly string[], p = 0.9): number {
  checkLength('a', a);
  checkLength('b', b);
  checkInnerProbability('p', p);
  if (new Set(a).size !== a.length) throw new StatsError('a', 'must not name a member twice');
  if (new Set(b).size !== b.length) throw new StatsError('b', 'must not name a member twice');
  const depth = Math.min(a.length, b.length);
  const inA = new Set<string>();
  const inB = new Set<string>();
  let shared = 0;
  let sum = 0;
  let power = 1;
  for (let d = 1; d <= depth; d++) {
    const x = a[d - 1]!;
    const y = b[d - 1]!;
    if (x === y) shared++;
    else shared += (inB.has(x) ? 1 : 0) + (inA.has(y) ? 1 : 0);
    inA.add(x);
    inB.add(y);
    power *= p;
    sum += (shared / d) * power;
  }
  return Math.min(1, (shared / depth) * power + ((1 - p) / p) * sum);
}
