import { logBeta } from './gamma.ts';

/** log of Robbins' Beta(a, b) mixture martingale for k events of n against rate p. */
export function rateEvidence(k: number, n: number, p: number, a: number, b: number): number {
  const hits = k === 0 ? 0 : k * Math.log(p);
  const misses = n === k ? 0 : (n - k) * Math.log1p(-p);
  return logBeta(a + k, b + n - k) - logBeta(a, b) - hits - misses;
}
