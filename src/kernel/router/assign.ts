import { checkProbability } from '../stats/check.ts';

export interface RouterPlan {
  /** Share of tasks always sent to the frontier model, the yardstick; 0.05 to 0.10. */
  readonly holdback: number;
  /** Share of the others asked of both models, one answer discarded; 0.01 to 0.05. */
  readonly shadow: number;
  /** Send cheap when p(cheap is enough) is at least this. */
  readonly threshold: number;
}

export interface Assignment {
  readonly arm: 'router' | 'frontier';
  readonly model: 'cheap' | 'dear';
  /** Ask the other model as well. */
  readonly shadow: boolean;
}

/**
 * Which model a task goes to. `standing` in [0, 1) is the task's own (a hash of its session), so that a rephrasing stays in
 * the arm of the task it repeats; `p` comes from the classifier and has no say in the arm.
 */
export function assign({ holdback, shadow, threshold }: RouterPlan, standing: number, p: number): Assignment {
  checkProbability('holdback', holdback);
  checkProbability('shadow', shadow);
  if (standing < holdback) return { arm: 'frontier', model: 'dear', shadow: false };
  // What is left of the unit interval, stretched: one draw decides both, independently.
  const rest = (standing - holdback) / (1 - holdback);
  return { arm: 'router', model: p >= threshold ? 'cheap' : 'dear', shadow: rest < shadow };
}
