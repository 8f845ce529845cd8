import type { Clock, Protocol, Route } from '#contracts';
import { createPlanner, type Step, type Tongues } from '../plan.ts';
import { edgeOf } from './edges.ts';
import { Proofs, type ProofsSnapshot } from './proofs.ts';
import type { EdgeReading } from './reading.ts';

/** What the edges of a configuration are read by. */
export interface BoardContext {
  readonly protocols: readonly Protocol[];
  readonly plan: (route: Route, protocol: Protocol) => readonly Step[];
  /** Of Midwatch. */
  readonly version?: string | undefined;
}

/** The fallbacks of a route for callers of one protocol. */
export interface Chain {
  readonly protocol: Protocol;
  readonly steps: readonly Step[];
}

/**
 * A route that takes any protocol has an edge for each, and callers who speak one or two of them: those that were never seen
 * are left out, but one of a target of which nothing was seen at all.
 */
export function chainsOf(proofs: Proofs, route: Route, { protocols, plan }: BoardContext): readonly Chain[] {
  const all = protocols
    .filter((protocol) => takes(route, protocol))
    .map((protocol) => ({
      protocol,
      steps: plan(route, protocol).filter(({ tier }) => tier !== route.tiers[0]),
    }));
  const seen = new Set<unknown>();
  for (const { steps } of all) for (const step of steps) if (proofs.knows(route, step)) seen.add(step.target);
  return all.map(({ protocol, steps }) => ({
    protocol,
    steps: steps.filter((step) => {
      if (proofs.knows(route, step)) return true;
      if (seen.has(step.target)) return false;
      seen.add(step.target);
      return true;
    }),
  }));
}

/** Contract of each edge by its key, as these routes have it. */
export const contractsOf = (
  routes: readonly Route[],
  { protocols, plan, version }: BoardContext,
): ReadonlyMap<string, string> =>
  new Map(
    routes.flatMap((route) =>
      protocols.flatMap((protocol) =>
        plan(route, protocol)
          .filter(({ tier }) => tier !== route.tiers[0])
          .map((step) => {
            const { key, contract } = edgeOf(route, step, version);
            return [key, contract] as const;
          }),
      ),
    ),
  );

/** Every edge of these routes. */
export const readBoard = (
  proofs: Proofs,
  routes: readonly Route[],
  context: BoardContext,
): readonly EdgeReading[] =>
  routes.flatMap((route) =>
    chainsOf(proofs, route, context).flatMap(({ steps }) => proofs.read(route, steps)),
  );

/** The same without a gateway: of what one has left behind. */
export function readProofs(
  clock: Clock,
  snapshot: Partial<ProofsSnapshot>,
  routes: readonly Route[],
  tongues: Tongues & { readonly version: string },
): readonly EdgeReading[] {
  const proofs = new Proofs(clock, { version: tongues.version });
  proofs.restore(snapshot);
  return readBoard(proofs, routes, { protocols: tongues.protocols, plan: createPlanner(tongues) });
}

/** Does the route take asks of this protocol, as far as its own rule says? */
const takes = ({ config }: Route, { dialect, name }: Protocol): boolean =>
  config.match.protocol === undefined || config.match.protocol === dialect || config.match.protocol === name;
