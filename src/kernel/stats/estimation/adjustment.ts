/**
 * Frozen adjustment of a noisy level: cost per exchange, cleared of what explains it.
 *
 * Formula: y = a_g + b·x + e, b from the within-group least squares, a_g the group means at the overall mean x (log cost on log input tokens by route and model); z = clip(e/σ, ±cap), cap the 99.5 % quantile of |e|/σ in the baseline, σ the standard deviation of the winsorised e.
 * Assumes: a healthy baseline; the covariate is not moved by what is watched (input tokens are, for a change of the prompt: leave them out then).
 * Cost: O(n log n) to fit once, O(1) per exchange; state one number per group.
 * Lies when: refitted while a change is under way – it is frozen on purpose –; for a group not in the baseline the overall level is used and says nothing about it.
 * Reference: Deng, Xu, Kohavi and Walker 2013 (CUPED); Tukey 1962 (winsorising).
 */
import { checkFinite, checkInnerProbability, checkLength } from '../check.ts';
import { StatsError } from '../error.ts';
import { sorted, sortedQuantile } from '../numeric/order.ts';

export interface AdjustedObservation {
  /** Level on an additive scale, for instance log cost. */
  readonly y: number;
  /** Covariate, for instance log input tokens; 0 when there is none. */
  readonly x: number;
  /** Route and model, or whatever else sets the level. */
  readonly group: string;
}

/** Plain JSON; computed once and kept. */
export interface Adjustment {
  readonly slope: number;
  /** Mean of y and x per group. */
  readonly groups: Readonly<Record<string, { readonly y: number; readonly x: number; readonly n: number }>>;
  readonly overall: { readonly y: number; readonly x: number };
  readonly sigma: number;
  /** Bound of |z|. */
  readonly cap: number;
  readonly n: number;
}

/** Fits the baseline; throws when nothing varies. */
export function fitAdjustment(observations: readonly AdjustedObservation[], quantile = 0.995): Adjustment {
  checkLength('observations', observations, 3);
  checkInnerProbability('quantile', quantile);
  const sums = new Map<string, { y: number; x: number; n: number }>();
  const overall = { y: 0, x: 0 };
  observations.forEach(({ y, x, group }, i) => {
    checkFinite(`observations[${i}].y`, y);
    checkFinite(`observations[${i}].x`, x);
    const own = sums.get(group) ?? { y: 0, x: 0, n: 0 };
    own.n++;
    own.y += (y - own.y) / own.n;
    own.x += (x - own.x) / own.n;
    sums.set(group, own);
    overall.y += (y - overall.y) / (i + 1);
    overall.x += (x - overall.x) / (i + 1);
  });
  let xx = 0;
  let xy = 0;
  for (const { y, x, group } of observations) {
    const own = sums.get(group)!;
    xx += (x - own.x) ** 2;
    xy += (x - own.x) * (y - own.y);
  }
  const slope = xx > 0 ? xy / xx : 0;
  const residuals = observations.map(({ y, x, group }) => {
    const own = sums.get(group)!;
    return y - own.y - slope * (x - own.x);
  });
  const bound = sortedQuantile(sorted(residuals.map(Math.abs)), quantile);
  const squares = residuals.reduce((sum, e) => sum + Math.min(bound, Math.abs(e)) ** 2, 0);
  const freedom = observations.length - sums.size - (xx > 0 ? 1 : 0);
  if (freedom < 1) throw new StatsError('observations', 'are too few for their groups');
  const sigma = Math.sqrt(squares / freedom);
  if (!(sigma > 0)) throw new StatsError('observations', 'do not vary');
  return {
    slope,
    groups: Object.fromEntries(sums),
    overall,
    sigma,
    cap: bound / sigma,
    n: observations.length,
  };
}

/** Standardised, winsorised residual: the observation of a Gaussian CUSUM. */
export function adjust(fit: Adjustment, { y, x, group }: AdjustedObservation): number {
  checkFinite('observation.y', y);
  checkFinite('observation.x', x);
  const level = Object.hasOwn(fit.groups, group) ? fit.groups[group]! : fit.overall;
  const z = (y - level.y - fit.slope * (x - level.x)) / fit.sigma;
  return Math.min(fit.cap, Math.max(-fit.cap, z));
}
