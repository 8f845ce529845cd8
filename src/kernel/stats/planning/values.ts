/**
 * How many cases for a value: a score, a latency, a rank?
 *
 * Formula: paired mean n = ((z_{α/2}+z_β)·sd/d)²; two means twice that per side; TOST n = ((z_α + z_{(1+power)/2 or power})·sd/(margin − |d|))²; Noether: Mann–Whitney N = z²/(12·r(1−r)(P−½)²), Wilcoxon n = z²/(3(P'−½)²), Kendall n = 4z²/(9τ²), z = z_{α/2}+z_β; KS n = ((K_α·√2 + z_β/√2)/D)² per side.
 * Assumes: the planned effect and, for means, its standard deviation; independent cases. Permutation and bootstrap comparisons of means need what their parametric twin needs.
 * Cost: O(1).
 * Lies when: sd was guessed low, or tails are heavy: then plan on ranks.
 * Reference: Noether 1987; Julious 2004 (TOST); Cohen 1988; Massey 1950 (KS bound).
 */
import { checkFinite, checkInnerProbability, checkPositive, checkProbability } from '../check.ts';
import { StatsError } from '../error.ts';
import { kolmogorovTail } from '../numeric/kolmogorov.ts';
import { normalQuantile } from '../numeric/normal.ts';
import { type PowerRule, powerQuantiles } from './power.ts';

const up = (n: number) => Math.max(2, Math.ceil(n - 1e-9));

/** Pairs to see a mean difference; also for the paired bootstrap, sign flips and prediction-powered means. */
export function casesForPairedMean(
  { difference, sd }: { readonly difference: number; readonly sd: number },
  rule: PowerRule = {},
): number {
  checkFinite('difference', difference);
  checkPositive('sd', sd);
  if (difference === 0) throw new StatsError('difference', 'must not be 0');
  const { zAlpha, zBeta } = powerQuantiles(rule);
  return up((((zAlpha + zBeta) * sd) / difference) ** 2);
}

/** Cases per side, unpaired; also for the permutation test of means. */
export function casesForTwoMeans(
  effect: { readonly difference: number; readonly sd: number },
  rule: PowerRule = {},
): number {
  return casesForPairedMean({ ...effect, sd: effect.sd * Math.SQRT2 }, rule);
}

/** Pairs to show equivalence within ±margin when the true difference is `difference` (0 by default). */
export function casesForTost(
  {
    margin,
    sd,
    difference = 0,
  }: { readonly margin: number; readonly sd: number; readonly difference?: number },
  { alpha = 0.05, power = 0.8 }: PowerRule = {},
): number {
  checkPositive('margin', margin);
  checkPositive('sd', sd);
  checkFinite('difference', difference);
  checkInnerProbability('alpha', alpha);
  checkInnerProbability('power', power);
  const room = margin - Math.abs(difference);
  if (!(room > 0)) throw new StatsError('difference', 'must lie inside the margin');
  const zBeta = normalQuantile(difference === 0 ? (1 + power) / 2 : power);
  return up((((normalQuantile(1 - alpha) + zBeta) * sd) / room) ** 2);
}

/** Cases on both sides together for Mann–Whitney; `effect` = P(X > Y) + ½P(X = Y), `share` of them in x. */
export function casesForMannWhitney(
  effect: number,
  rule: PowerRule & { readonly share?: number } = {},
): number {
  checkProbability('effect', effect);
  const { share = 0.5 } = rule;
  checkInnerProbability('share', share);
  if (effect === 0.5) throw new StatsError('effect', 'must differ from ½');
  const { zAlpha, zBeta } = powerQuantiles(rule);
  return up((zAlpha + zBeta) ** 2 / (12 * share * (1 - share) * (effect - 0.5) ** 2));
}

/** Pairs for the signed-rank test; `effect` = P(D + D' > 0) of two independent differences. */
export function casesForWilcoxon(effect: number, rule: PowerRule = {}): number {
  checkProbability('effect', effect);
  if (effect === 0.5) throw new StatsError('effect', 'must differ from ½');
  const { zAlpha, zBeta } = powerQuantiles(rule);
  return up((zAlpha + zBeta) ** 2 / (3 * (effect - 0.5) ** 2));
}

/** Pairs to see a rank correlation τ. */
export function casesForKendall(tau: number, rule: PowerRule = {}): number {
  checkFinite('tau', tau);
  if (tau === 0 || Math.abs(tau) > 1) throw new StatsError('tau', 'must lie in [−1, 1] and not be 0');
  const { zAlpha, zBeta } = powerQuantiles(rule);
  return up((4 * (zAlpha + zBeta) ** 2) / (9 * tau * tau));
}

/** Values per side to see two distributions at distance D = sup |F − G|; an upper bound. */
export function casesForKolmogorovSmirnov(
  distance: number,
  { alpha = 0.05, power = 0.8 }: PowerRule = {},
): number {
  checkPositive('distance', distance);
  checkProbability('distance', distance);
  checkInnerProbability('alpha', alpha);
  checkInnerProbability('power', power);
  let lo = 0.05;
  let hi = 10;
  for (let i = 0; i < 80; i++) {
    const mid = (lo + hi) / 2;
    if (kolmogorovTail(mid) > alpha) lo = mid;
    else hi = mid;
  }
  return up(((hi * Math.SQRT2 + Math.max(0, normalQuantile(power)) / Math.SQRT2) / distance) ** 2);
}
