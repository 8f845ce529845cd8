import type { AskFacets } from '#contracts';
import type { Climate } from './climate.ts';
import type { Step } from './plan.ts';

/** Of two, one that is twice as slow is given a ninth of the traffic: enough to go on knowing its week. */
const POWER = 3;

/**
 * Weights of targets against the others of their tier, by the first token that is normal for each at this hour; 1 where its tier
 * does not go by the hour, or less than four weeks are known of one of its targets.
 */
export function hourWeights(
  climate: Pick<Climate, 'normal'>,
  steps: readonly Step[],
  ask: AskFacets,
): readonly number[] {
  const normal = steps.map((step) =>
    step.tier.byHour ? climate.normal(step, step.target.model ?? ask.model, ask, 0.5) : undefined,
  );
  return steps.map(({ tier }, i) => {
    const others = normal.filter((_, j) => steps[j]?.tier === tier);
    if (others.includes(undefined)) return 1;
    return (Math.min(...(others as number[])) / (normal[i] as number)) ** POWER;
  });
}
