import type { Config, Evidence, RouterView, Shadower, Steerer } from '#contracts';
import { canonical, sha256 } from '#kernel';
import { Desk, type DeskPorts, type SavedDesk } from './desk.ts';
import { viewOf } from './view.ts';
import type { RouterWord } from './word.ts';

export type RoutersSnapshot = Readonly<Record<string, SavedDesk>>;

export interface Routers {
  readonly steerer: Steerer;
  readonly shadower: Shadower;
  read(): readonly RouterView[];
  /** A router whose plan is the same keeps its books and its open tasks; another plan begins new ones. */
  reload(routes: Config['routes']): void;
  snapshot(): RoutersSnapshot;
  /** What another gateway has seen. */
  hear(evidence: Evidence): void;
  /** Goes on with the books of another gateway, which has seen more. */
  adopt(snapshot: RoutersSnapshot): void;
}

export interface RoutersOptions extends DeskPorts {
  readonly routes: Config['routes'];
  readonly saved?: RoutersSnapshot;
}

export function createRouters({ routes, saved = {}, ...ports }: RoutersOptions): Routers {
  let desks = opened(routes, new Map(), saved);

  function opened(
    routes: Config['routes'],
    present: ReadonlyMap<string, Desk>,
    saved: RoutersSnapshot,
  ): ReadonlyMap<string, Desk> {
    const next = new Map<string, Desk>();
    for (const [route, { router: config, tiers }] of Object.entries(routes)) {
      if (!config) continue;
      const asked = tiers.filter(({ name }) => name === config.cheap || name === config.dear);
      const plan = sha256(canonical([config, asked])).slice(0, 16);
      const desk = present.get(route);
      if (desk?.assignment.plan === plan) {
        next.set(route, desk);
        continue;
      }
      const before = desk?.save() ?? saved[route];
      if (before && before.plan !== plan)
        ports.log('warn', 'router.anew', { route, why: 'its plan or its tiers have changed' });
      next.set(route, new Desk({ route, config, plan }, ports, before?.plan === plan ? before : undefined));
    }
    return next;
  }

  return {
    steerer: {
      minds: (route) => desks.has(route),
      steer: (question) => desks.get(question.route.name)?.steer(question),
      ended: (facts) => desks.get(facts.route)?.ended(facts),
    },
    shadower: {
      minds: (route) => desks.has(route),
      shadow: (question) => desks.get(question.route.name)?.shadow(question),
      paired: (pair) => desks.get(pair.route)?.paired(pair),
    },
    read: () => [...desks.values()].map((desk) => viewOf(desk.assignment, desk.now())),
    reload(next) {
      desks = opened(next, desks, {});
    },
    hear({ route, plan, word }) {
      const desk = desks.get(route);
      if (desk?.assignment.plan === plan) desk.hear(word as RouterWord);
    },
    adopt(snapshot) {
      for (const [route, desk] of desks) {
        const theirs = snapshot[route];
        if (theirs?.plan === desk.assignment.plan) desk.adopt(theirs);
      }
    },
    snapshot: () => Object.fromEntries([...desks].map(([route, desk]) => [route, desk.save()])),
  };
}
