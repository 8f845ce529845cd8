/**
 * Cochran–Armitage test for a trend of rates over ordered levels.
 *
 * Formula: z = −Σ s_j(k_j − n_j p̄) / √(p̄(1−p̄)(Σ n_j s_j² − (Σ n_j s_j)²/N)); positive when the rate falls with the score.
 * Assumes: independent observations; scores s_j that mean something (0, 1, 2 … by default).
 * Cost: O(levels).
 * Lies when: the curve falls and rises again (the trend cancels), or the same base Case appears at every level (variance is then too large and the test weak; bootstrap over Cases).
 * Reference: Cochran 1954, Armitage 1955; R's prop.trend.test.
 */
import { checkLength, checkSameLength, checkSample, checkTrials } from '../check.ts';
import { StatsError } from '../error.ts';
import { normalTwoSided } from '../numeric/normal.ts';
import type { TestResult } from '../types.ts';

export interface LevelCount {
  /** Passes and trials at this level. */
  readonly k: number;
  readonly n: number;
}

/** z and two-sided p. With every answer equal there is no trend to see: z = 0, p = 1. */
export function cochranArmitage(levels: readonly LevelCount[], scores?: readonly number[]): TestResult {
  checkLength('levels', levels, 2);
  const s = scores ?? levels.map((_, j) => j);
  checkSameLength('levels', levels, 'scores', s);
  checkSample('scores', s);
  let total = 0;
  let passed = 0;
  levels.forEach(({ k, n }, j) => {
    checkTrials(`levels[${j}].k`, k, `levels[${j}].n`, n);
    total += n;
    passed += k;
  });
  const p = passed / total;
  let weighted = 0;
  let sum = 0;
  let squares = 0;
  levels.forEach(({ k, n }, j) => {
    weighted += s[j]! * (k - n * p);
    sum += n * s[j]!;
    squares += n * s[j]! * s[j]!;
  });
  const spread = squares - (sum * sum) / total;
  if (!(spread > 0)) throw new StatsError('scores', 'must not all be equal');
  if (p === 0 || p === 1) return { statistic: 0, p: 1, n: total };
  const z = -weighted / Math.sqrt(p * (1 - p) * spread);
  return { statistic: z, p: normalTwoSided(z), n: total };
}
