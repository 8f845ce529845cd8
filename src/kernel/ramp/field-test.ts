/**
 * Is a field's bad rate above the old path's? One test per field and stage.
 *
 * Formula: E_n = Σ w_k Π (p_k/p0)^x ((1−p_k)/(1−p0))^(1−x), p_k ∈ {2, 5, 15}·p0 (of the odds where that passes 1), w = ¼, ¼, ½; alarm at E ≥ 1/alpha.
 * Assumes: the true rate is ≤ p0 if nothing is wrong; then P(ever an alarm) ≤ alpha, however long the stage lasts and however often one looks.
 * Cost: three additions and exponentials.
 * Lies when: a sound field breaks late in a long stage: the credit it has gathered has to be spent first. An e-detector has no such memory and is wrong here for the other reason: a ramp begins with the change, and must not be stopped by patience running out.
 * Reference: Ville 1939; Wald 1945 (weight functions).
 */
import { checkInnerProbability } from '../stats/check.ts';
import { shiftedRate } from '../stats/sequential/e-detector.ts';
import type { Sequential } from '../stats/sequential/sequential.ts';

/** Log likelihood ratio of each size; plain JSON. */
export interface FieldTestState {
  readonly n: number;
  readonly logs: readonly number[];
}

export interface FieldTestReading {
  readonly alarm: boolean;
  /** log E, and the log it must reach. */
  readonly statistic: number;
  readonly threshold: number;
  readonly n: number;
}

/** A path that is broken for hard inputs fails ten times as often, not half as often again: half of the weight is there. */
const RATIOS = [2, 5, 15];
const LOG_WEIGHTS = [0.25, 0.25, 0.5].map(Math.log);

export function fieldTest(p0: number, alpha: number): Sequential<FieldTestState, boolean, FieldTestReading> {
  checkInnerProbability('p0', p0);
  checkInnerProbability('alpha', alpha);
  const rates = RATIOS.map((ratio) => shiftedRate(p0, ratio));
  const onBad = rates.map((p) => Math.log(p / p0));
  const onGood = rates.map((p) => Math.log1p(-p) - Math.log1p(-p0));
  const threshold = -Math.log(alpha);
  return Object.freeze({
    start: Object.freeze({ n: 0, logs: Object.freeze(RATIOS.map(() => 0)) }),
    step: ({ n, logs }: FieldTestState, bad: boolean): FieldTestState => ({
      n: n + 1,
      logs: logs.map((log, k) => log + ((bad ? onBad : onGood)[k] as number)),
    }),
    read({ n, logs }: FieldTestState): FieldTestReading {
      const weighted = logs.map((log, k) => log + (LOG_WEIGHTS[k] as number));
      const top = Math.max(...weighted);
      const statistic = top + Math.log(weighted.reduce((sum, w) => sum + Math.exp(w - top), 0));
      return { alarm: statistic >= threshold, statistic, threshold, n };
    },
  });
}
