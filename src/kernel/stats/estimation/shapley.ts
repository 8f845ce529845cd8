/**
 * Exact Shapley shares for small sets of axes.
 *
 * Formula: φ_i = Σ_{S∌i} |S|!(k−|S|−1)!/k! · (v(S∪{i}) − v(S)); Σ φ_i = v(all) − v(none).
 * Assumes: v gives the measured value with exactly the axes of S changed.
 * Cost: 2^k values, k ≤ 12; each is asked for once.
 * Lies when: v is noisy: shares inherit the noise of 2^k measurements, so measure them with intervals first.
 * Reference: Shapley 1953.
 */
import { checkCount, checkFinite } from '../check.ts';
import { StatsError } from '../error.ts';

/** Share of each of k axes; `value` is called with a bit mask of the changed axes. */
export function shapley(k: number, value: (mask: number) => number): readonly number[] {
  checkCount('k', k);
  if (k > 12) throw new StatsError('k', 'must be at most 12: 2^k values are asked for');
  const all = 1 << k;
  const v = Float64Array.from({ length: all }, (_, mask) => {
    const x = value(mask);
    checkFinite(`value(${mask})`, x);
    return x;
  });
  // weight[s] = s!(k−s−1)!/k! without factorials: 1/(k·C(k−1, s)).
  const weight: number[] = [];
  for (let s = 0, choose = 1; s < k; s++) {
    weight.push(1 / (k * choose));
    choose = (choose * (k - 1 - s)) / (s + 1);
  }
  const size = (mask: number) => {
    let count = 0;
    for (let m = mask; m; m &= m - 1) count++;
    return count;
  };
  return Array.from({ length: k }, (_, i) => {
    let share = 0;
    for (let mask = 0; mask < all; mask++) {
      if (mask & (1 << i)) continue;
      share += weight[size(mask)]! * (v[mask | (1 << i)]! - v[mask]!);
    }
    return share;
  });
}
