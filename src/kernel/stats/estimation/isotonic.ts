/**
 * Isotonic regression by pooling adjacent violators.
 *
 * Formula: the weighted least-squares fit among all falling (or rising) sequences: neighbours that break the order are merged into their weighted mean until none does.
 * Assumes: the curve is monotone over the ordered levels.
 * Cost: O(n).
 * Lies when: the curve is not monotone (then it hides a recovery); the ends are biased outwards at small n.
 * Reference: Ayer et al. 1955; Robertson, Wright and Dykstra 1988.
 */
import { checkPositive, checkSameLength, checkSample } from '../check.ts';

/** Fitted values in the given order. */
export function isotonic(
  values: readonly number[],
  weights?: readonly number[],
  direction: 'rising' | 'falling' = 'rising',
): readonly number[] {
  checkSample('values', values);
  const w = weights ?? values.map(() => 1);
  checkSameLength('values', values, 'weights', w);
  w.forEach((weight, i) => {
    checkPositive(`weights[${i}]`, weight);
  });
  const sign = direction === 'rising' ? 1 : -1;
  const pools: { mean: number; weight: number; length: number }[] = [];
  values.forEach((value, i) => {
    let pool = { mean: sign * value, weight: w[i]!, length: 1 };
    for (let last = pools.at(-1); last && last.mean >= pool.mean; last = pools.at(-1)) {
      const weight = last.weight + pool.weight;
      pool = {
        mean: last.mean + ((pool.mean - last.mean) * pool.weight) / weight,
        weight,
        length: last.length + pool.length,
      };
      pools.pop();
    }
    pools.push(pool);
  });
  return pools.flatMap(({ mean, length }) => new Array<number>(length).fill(sign * mean));
}
