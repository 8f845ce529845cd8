import type { Protocol, Route } from '#contracts';
import type { Step } from '../plan.ts';
import type { EdgeReading, Proofs } from './proofs.ts';

/** What the edges of a configuration are read by. */
export interface BoardContext {
  readonly protocols: readonly Protocol[];
  readonly plan: (route: Route, protocol: Protocol) => readonly Step[];
}

/**
 * Every edge of these routes. A route that takes any protocol has an edge for each, and callers who speak one or two of them:
 * those that were never seen are left out, but one of a target of which nothing was seen at all.
 */
export function readBoard(
  proofs: Proofs,
  routes: readonly Route[],
  { protocols, plan }: BoardContext,
): readonly EdgeReading[] {
  return routes.flatMap((route) => {
    const seen = new Set<unknown>();
    const plans = protocols
      .filter((protocol) => takes(route, protocol))
      .map((protocol) => fallbacksOf(route, plan(route, protocol)));
    for (const step of plans.flat()) if (proofs.knows(route, step)) seen.add(step.target);
    return plans.flatMap((steps) =>
      proofs.read(
        route,
        steps.filter((step) => {
          if (proofs.knows(route, step)) return true;
          if (seen.has(step.target)) return false;
          seen.add(step.target);
          return true;
        }),
      ),
    );
  });
}

const fallbacksOf = (route: Route, steps: readonly Step[]): readonly Step[] =>
  steps.filter(({ tier }) => tier !== route.tiers[0]);

/** Does the route take asks of this protocol, as far as its own rule says? */
const takes = ({ config }: Route, { dialect, name }: Protocol): boolean =>
  config.match.protocol === undefined || config.match.protocol === dialect || config.match.protocol === name;
