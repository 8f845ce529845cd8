import { sha256 } from '../hash/index.ts';

/** A ramp as it is declared. */
export interface RampPlan {
  readonly name: string;
  /** Stage by stage, the share of each bucket that takes the new path, 0…1, easiest bucket first. */
  readonly stages: readonly (readonly number[])[];
  /** Workflows that take the new path whatever their bucket, for those who asked for it. */
  readonly allow?: readonly string[];
  /** Exchanges each field of a stage needs before the next stage. */
  readonly minimum: number;
  /** Bad answers that the whole ramp may cost. */
  readonly harm: number;
  /** Failure share of the old path by bucket, the upper bound of what was measured. */
  readonly baseline: readonly number[];
  /** Chance of ever stopping a sound bucket in one stage, at most; 0.001. */
  readonly alpha?: number;
}

/** Throws a RangeError that names the field. A stage may not take back what an earlier one gave: that is what rollback is for. */
export function checkRamp(plan: RampPlan): RampPlan {
  const wrong = (text: string) => new RangeError(`ramp ${plan.name || '?'}: ${text}`);
  const buckets = plan.baseline.length;
  if (!plan.name) throw wrong('name must not be empty');
  if (plan.stages.length === 0) throw wrong('stages must not be empty');
  if (buckets === 0 || plan.baseline.some((p) => !(p > 0 && p < 1)))
    throw wrong('baseline must hold a rate in (0, 1) for each bucket');
  if (!(Number.isSafeInteger(plan.minimum) && plan.minimum >= 1))
    throw wrong('minimum must be a whole number ≥ 1, or a field without data would pass');
  if (!(plan.harm > 0)) throw wrong('harm must be positive');
  for (const [s, stage] of plan.stages.entries()) {
    if (stage.length !== buckets) throw wrong(`stages[${s}] must have ${buckets} buckets, as baseline has`);
    for (const [b, share] of stage.entries()) {
      if (!(share >= 0 && share <= 1)) throw wrong(`stages[${s}][${b}] must lie in [0, 1]`);
      if (s > 0 && share < (plan.stages[s - 1]?.[b] ?? 0))
        throw wrong(`stages[${s}][${b}] is below the stage before`);
    }
  }
  return plan;
}

/**
 * Where a session stands in [0, 1), for ever and on every gateway. A session on the new path at 5 % is still there at 50 %;
 * drawn afresh each time, it would change its behaviour from one answer to the next.
 */
export const standing = (ramp: string, session: string): number =>
  Number.parseInt(sha256(JSON.stringify([ramp, session])).slice(0, 13), 16) / 16 ** 13;

/** Easy first: each stage opens one more bucket at a small share and widens those before it. */
export function easyFirst(
  buckets: number,
  steps: readonly number[] = [0.05, 0.25, 1],
): readonly (readonly number[])[] {
  return Array.from({ length: buckets + steps.length - 1 }, (_, stage) =>
    Array.from({ length: buckets }, (_, bucket) =>
      stage < bucket ? 0 : (steps[Math.min(stage - bucket, steps.length - 1)] as number),
    ),
  );
}
