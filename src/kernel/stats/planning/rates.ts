/**
 * How many cases for a rate?
 *
 * Formula: two rates: n = (z_{α/2}√(2p̄q̄) + z_β√(p1q1+p2q2))²/(p1−p2)² per side; McNemar: smallest n whose exact power reaches the target, flips multinomial; trend: noncentral normal of the Cochran–Armitage z; G-test: noncentral χ² with λ = n·2ΣpLn(p/q); interval: smallest n whose Wilson half-width fits.
 * Assumes: the planned effect, independent cases.
 * Cost: O(1), McNemar and interval O(n log n).
 * Lies when: the planned effect was wished for rather than the smallest that matters; clustering multiplies every n by 1 + (m̄−1)ρ.
 * Reference: Fleiss, Levin and Paik 2003, section 4; Connor 1987; Nam 1987; Cohen 1988.
 */
import { checkInnerProbability, checkProbabilities, checkProbability, checkSameLength } from '../check.ts';
import { StatsError } from '../error.ts';
import { wilson } from '../intervals/wilson.ts';
import { binomialTail } from '../numeric/beta.ts';
import { chiSquareTail, logFactorial } from '../numeric/gamma.ts';
import { normalCdf } from '../numeric/normal.ts';
import { type PowerRule, powerQuantiles, smallestN } from './power.ts';

/** Cases per side to tell rate p1 from p2, unpaired (also for Fisher's test, which needs a few more). */
export function casesForTwoRates(p1: number, p2: number, rule: PowerRule = {}): number {
  checkProbability('p1', p1);
  checkProbability('p2', p2);
  if (p1 === p2) throw new StatsError('p2', 'must differ from p1');
  const { zAlpha, zBeta } = powerQuantiles(rule);
  const mid = (p1 + p2) / 2;
  const root = zAlpha * Math.sqrt(2 * mid * (1 - mid)) + zBeta * Math.sqrt(p1 * (1 - p1) + p2 * (1 - p2));
  return Math.ceil((root / (p1 - p2)) ** 2 - 1e-9);
}

export interface FlipRates {
  /** Share of Cases flipping in the watched direction, and in the other. */
  readonly forth: number;
  readonly back: number;
}

/** Exact power of McNemar's test over n Cases. */
export function mcnemarPower(
  n: number,
  { forth, back }: FlipRates,
  alpha = 0.01,
  sides: 'one-sided' | 'two-sided' = 'one-sided',
): number {
  checkProbability('forth', forth);
  checkProbability('back', back);
  checkInnerProbability('alpha', alpha);
  const flips = forth + back;
  if (!(flips > 0 && flips <= 1)) throw new StatsError('forth', 'plus back must lie in (0, 1]');
  const share = forth / flips;
  const tail = sides === 'one-sided' ? alpha : alpha / 2;
  let power = 0;
  const mean = n * flips;
  const reach = 10 * Math.sqrt(mean) + 30;
  let b = 0;
  for (let d = 0; d <= n; d++) {
    // The smallest b that is significant grows by at most one per discordant pair.
    while (b <= d && binomialTail(b, d, 0.5) > tail) b++;
    if (d < mean - reach) continue;
    if (d > mean + reach) break;
    const misses = flips === 1 ? (d === n ? 0 : -Infinity) : (n - d) * Math.log1p(-flips);
    const weight = Math.exp(
      logFactorial(n) - logFactorial(d) - logFactorial(n - d) + d * Math.log(flips) + misses,
    );
    if (b <= d) power += weight * binomialTail(b, d, share);
    if (sides === 'two-sided' && b <= d) power += weight * binomialTail(b, d, 1 - share);
  }
  return Math.min(1, power);
}

/** Cases for McNemar's test; default is the one-sided form at α = .01. */
export function casesForMcnemar(
  flips: FlipRates,
  rule: PowerRule & { readonly sides?: 'one-sided' | 'two-sided' } = {},
): number {
  const { alpha = 0.01, power = 0.8, sides = 'one-sided' } = rule;
  checkInnerProbability('power', power);
  if (!(flips.forth > flips.back)) throw new StatsError('forth', 'must exceed back');
  // Exact power saws up and down by a per cent or so; the answer is a place where it has been reached.
  return smallestN((n) => mcnemarPower(n, flips, alpha, sides) >= power, 8, 200_000);
}

/** Cases per level for the Cochran–Armitage test to see these rates fall or rise. */
export function casesForTrend(
  rates: readonly number[],
  rule: PowerRule & { readonly scores?: readonly number[] } = {},
): number {
  checkProbabilities('rates', rates, 2);
  const scores = rule.scores ?? rates.map((_, j) => j);
  checkSameLength('rates', rates, 'scores', scores);
  const { zAlpha, zBeta } = powerQuantiles(rule);
  const mid = scores.reduce((a, b) => a + b, 0) / scores.length;
  const p = rates.reduce((a, b) => a + b, 0) / rates.length;
  let slope = 0;
  let spread = 0;
  let own = 0;
  rates.forEach((rate, j) => {
    const s = scores[j]! - mid;
    slope += s * rate;
    spread += s * s;
    own += s * s * rate * (1 - rate);
  });
  if (Math.abs(slope) < 1e-12) throw new StatsError('rates', 'have no trend over the scores');
  return Math.ceil(((zAlpha * Math.sqrt(p * (1 - p) * spread) + zBeta * Math.sqrt(own)) / slope) ** 2 - 1e-9);
}

/** Power of a χ² test with noncentrality λ: a Poisson mixture of central tails. */
function noncentralPower(lambda: number, df: number, critical: number): number {
  const half = lambda / 2;
  const from = Math.max(0, Math.floor(half - 8 * Math.sqrt(half) - 10));
  const to = Math.ceil(half + 8 * Math.sqrt(half) + 10);
  let sum = 0;
  for (let j = from; j <= to; j++) {
    const weight = Math.exp(
      -half + (half > 0 ? j * Math.log(half) : j === 0 ? 0 : -Infinity) - logFactorial(j),
    );
    sum += weight * chiSquareTail(critical, df + 2 * j);
  }
  return sum;
}

/** Observations for a G-test (or PSI) of declared shares when the truth is `actual`. */
export function casesForGTest(
  declared: readonly number[],
  actual: readonly number[],
  rule: PowerRule = {},
): number {
  checkProbabilities('declared', declared, 2);
  checkProbabilities('actual', actual, 2);
  checkSameLength('declared', declared, 'actual', actual);
  const { alpha = 0.05, power = 0.8 } = rule;
  powerQuantiles(rule);
  let divergence = 0;
  declared.forEach((q, i) => {
    if (q === 0 && actual[i]! > 0)
      throw new StatsError(`declared[${i}]`, 'is 0 for a category that will be seen');
    if (actual[i]! > 0) divergence += 2 * actual[i]! * Math.log(actual[i]! / q);
  });
  if (!(divergence > 1e-12)) throw new StatsError('actual', 'must differ from declared');
  const df = declared.length - 1;
  let lo = 0;
  let critical = 1;
  while (chiSquareTail(critical, df) > alpha) critical *= 2;
  for (let i = 0; i < 80; i++) {
    const mid = (lo + critical) / 2;
    if (chiSquareTail(mid, df) > alpha) lo = mid;
    else critical = mid;
  }
  return smallestN((n) => noncentralPower(n * divergence, df, critical) >= power);
}

/** Cases until the Wilson interval at rate p is no wider than ± halfWidth. */
export function casesForRateInterval(p: number, halfWidth: number, confidence = 0.95): number {
  checkProbability('p', p);
  checkInnerProbability('halfWidth', halfWidth);
  return smallestN((n) => {
    const { lower, upper } = wilson(Math.round(p * n), n, confidence);
    return (upper - lower) / 2 <= halfWidth;
  });
}

/** Labels per class until a judge's sensitivity (specificity) is known to ± halfWidth. */
export function labelsForJudge(accuracy: number, halfWidth: number, confidence = 0.95): number {
  return casesForRateInterval(accuracy, halfWidth, confidence);
}

/** Power of the two-rates test at n per side: the planner's inverse. */
export function powerForTwoRates(p1: number, p2: number, n: number, alpha = 0.05): number {
  checkProbability('p1', p1);
  checkProbability('p2', p2);
  const { zAlpha } = powerQuantiles({ alpha });
  const mid = (p1 + p2) / 2;
  const sd = Math.sqrt(p1 * (1 - p1) + p2 * (1 - p2));
  if (sd === 0) return p1 === p2 ? 0 : 1;
  return normalCdf((Math.abs(p1 - p2) * Math.sqrt(n) - zAlpha * Math.sqrt(2 * mid * (1 - mid))) / sd);
}
