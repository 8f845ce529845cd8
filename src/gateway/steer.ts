import type { FailureKind, Lane, Route, Steerer, SteerQuestion, Turn } from '#contracts';
import type { Step } from './plan.ts';
import type { Walk } from './walk.ts';

/** The turn that the first steerer gives this exchange; undefined where none has anything to say. A promise only where one asks elsewhere. */
export function turnOf(
  steerers: readonly Steerer[],
  walk: Walk,
  lane: Lane,
  steps: readonly Step[],
): Turn | undefined | Promise<Turn | undefined> {
  let question: SteerQuestion | undefined;
  for (let i = 0; i < steerers.length; i++) {
    const steerer = steerers[i] as Steerer;
    if (steerer.minds && !steerer.minds((walk.route as Route).name)) continue;
    question ??= asked(walk, lane, steps);
    const turn = steerer.steer(question);
    if (turn instanceof Promise)
      return turn.then((told) => told ?? turnOf(steerers.slice(i + 1), walk, lane, steps));
    if (turn) return turn;
  }
  return undefined;
}

function asked(walk: Walk, lane: Lane, steps: readonly Step[]): SteerQuestion {
  const { id, at, facets, who, place } = walk;
  const route = walk.route as Route;
  const tiers = route.tiers.filter((t) => t.reply !== undefined || steps.some((s) => s.tier === t));
  return {
    id,
    at,
    route,
    tiers: tiers.map((t) => t.name),
    facets,
    body: walk.body as Uint8Array,
    who,
    place,
    lane,
  };
}

/** The plan as the turn wants it: its tier first, those that it rules out gone, the others in their order behind. */
export function turned(steps: readonly Step[], { tier, without }: Turn): readonly Step[] {
  const own: Step[] = [];
  const others: Step[] = [];
  for (const step of steps)
    if (step.tier.name === tier) own.push(step);
    else if (!without?.includes(step.tier.name)) others.push(step);
  return [...own, ...others];
}

/** What a failure of the intended tier is called in the tier mix. */
export function reasonOf(kind: FailureKind): NonNullable<Turn['reason']> {
  if (kind.startsWith('timeout_')) return 'timeout';
  if (kind === 'rate_limited') return 'rate_limit';
  // A hedge that won means that the intended tier was late.
  if (kind === 'hedge_lost') return 'timeout';
  return kind === 'over_budget' || kind === 'quota_exhausted' ? 'budget' : 'error';
}
