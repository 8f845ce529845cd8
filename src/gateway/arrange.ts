import type { Clock, Failure, FailureKind, MonotonicMs, Route } from '#contracts';
import type { Landing } from './attempt.ts';
import type { Climate } from './climate.ts';
import { seen } from './failures.ts';
import type { Proofs } from './fallbacks/proofs.ts';
import type { Step } from './plan.ts';
import type { Standing } from './standing.ts';
import type { Walk } from './walk.ts';
import { hourWeights } from './weights.ts';

type Failed = Extract<Landing, { kind: 'failed' }>;

/**
 * The plan in the order in which its targets stand now: first the one that this exchange is sent to. A tier is not left for a
 * park that is about to end, since leaving it has a price; that park is waited out.
 */
export async function arrange(
  {
    clock,
    standing,
    climate,
    proofs,
  }: {
    readonly clock: Clock;
    readonly standing: Standing;
    readonly climate: Climate;
    readonly proofs: Pick<Proofs, 'relies'>;
  },
  deadline: MonotonicMs,
  walk: Walk,
  steps: readonly Step[],
): Promise<readonly Step[] | Failed> {
  const route = walk.route as Route;
  const { waitForTarget } = route.config;
  const fits = (ms: number) => ms <= waitForTarget && clock.monotonic() + ms < deadline;
  for (let waited = false; ; waited = true) {
    const closed = steps.map((step) => standing.closedFor(step, walk.facets));
    const soonest = Math.min(...closed);
    const [nearest = 0] = closed;
    const wait = soonest > 0 ? soonest : nearest;
    if (!waited && wait > 0 && fits(wait)) {
      // Whoever waited for the same park would come back in one burst.
      await rest(clock, walk, wait * (1 + clock.random() / 4));
      if (walk.stopped) return stoppedBy(walk.stopped);
      continue;
    }
    const weights = steps.some(({ tier }) => tier.byHour)
      ? hourWeights(climate, steps, walk.facets)
      : undefined;
    const relies = (step: Step) => proofs.relies(route, step);
    const chosen = standing.choose(steps, walk.facets, weights, relies);
    if (chosen === undefined) return { kind: 'failed', failure: allClosed(walk, steps, standing, soonest) };
    if (chosen === 0) return steps;
    const [intended] = steps;
    if (intended && intended.tier !== steps[chosen]?.tier) {
      walk.passed = shutBy(standing, intended, walk);
      if (standing.carries(intended, walk.facets) > 0) walk.spilled = 'brownout';
    }
    return first(steps, chosen);
  }
}

/** Why ordinary traffic goes round a target. */
function shutBy(standing: Standing, step: Step, { facets }: Walk): Walk['passed'] {
  const refused = standing.refusesKey(step, facets);
  if (refused) return refused;
  return standing.closedFor(step, facets) > 0 ? 'rate_limited' : 'health';
}

/** The plan with one of its steps put first. */
export const first = (steps: readonly Step[], at: number): readonly Step[] => [
  steps[at] as Step,
  ...steps.filter((_, i) => i !== at),
];

function allClosed(walk: Walk, steps: readonly Step[], standing: Standing, soonest: number): Failure {
  const name = walk.route?.name;
  const wait = `${Math.ceil(soonest / 1000)} s`;
  const refused = steps.map((step) => standing.refusesKey(step, walk.facets));
  if (refused.every((why) => why === 'quota_exhausted'))
    return seen(
      'quota_exhausted',
      `No provider of route "${name}" serves the account of the key that Midwatch has for it before that is topped up or its plan is raised. Asked again in ${wait}.`,
    );
  if (refused.every((why) => why !== undefined))
    return seen(
      'provider_auth',
      `Every provider of route "${name}" refuses the key that Midwatch has for it, or forbids it this model; set a valid providers.<name>.apiKey. Asked again in ${wait}.`,
    );
  return {
    ...seen(
      'rate_limited',
      `Every target of route "${name}" has reached a limit of its own; the first opens in ${wait}.`,
    ),
    after: soonest,
  };
}

export const stoppedBy = (cause: FailureKind): Failed => ({ kind: 'failed', failure: seen(cause) });

/** Waits, or wakes early when the walk is stopped. */
export const rest = (clock: Clock, walk: Walk, ms: number): Promise<void> =>
  new Promise((resolve) => {
    const wake = () => {
      cancel();
      walk.wake = undefined;
      resolve();
    };
    const cancel = clock.after(ms, wake);
    walk.wake = wake;
  });
