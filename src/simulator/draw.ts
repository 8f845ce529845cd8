/** Uniform in [0, 1). */
export type Random = () => number;

/** Standard normal by Box and Muller (1958); the second value is thrown away to keep draws independent of call order. */
export function normal(random: Random): number {
  // 1 - u is in (0, 1], so the logarithm is finite.
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Log-normal with the given median; `sigma` is the standard deviation of the logarithm. */
export const logNormal = (median: number, sigma: number, random: Random): number =>
  sigma === 0 || median === 0 ? median : median * Math.exp(sigma * normal(random));

export const pick = <T>(list: readonly T[], random: Random): T =>
  list[Math.floor(random() * list.length)] as T;
