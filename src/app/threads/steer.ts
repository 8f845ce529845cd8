import type { ExchangeFacts, Route, Steerer, SteerQuestion, Turn } from '#contracts';

/** A question to the first thread, with the route by name: what is bound to it does not cross. */
export interface SteerAsked {
  readonly id: number;
  readonly question: Omit<SteerQuestion, 'route'> & { readonly route: string };
}
export interface SteerTold {
  readonly id: number;
  readonly turn: Turn | undefined;
}

/** Names of routes: about which somebody is to be asked, and of which somebody wants to hear the ends. */
export interface Minded {
  readonly asked: readonly string[];
  readonly heard: readonly string[];
}

/**
 * Whoever steers does so on the first thread for all, since what he counts and remembers is one thing. A route that nobody
 * steers is not asked about.
 */
export function farSteerer(post: (asked: SteerAsked) => void): {
  readonly steerer: Steerer;
  told(answer: SteerTold): void;
  mind(minded: Minded): void;
  /** Of exchanges since the last call; one message for many. */
  ended(): readonly ExchangeFacts[];
} {
  const waiting = new Map<number, (turn: Turn | undefined) => void>();
  let asked: ReadonlySet<string> = new Set();
  let heard: ReadonlySet<string> = new Set();
  let ends: ExchangeFacts[] = [];
  let last = 0;
  return {
    ended() {
      const since = ends;
      ends = [];
      return since;
    },
    steerer: {
      minds: (route) => asked.has(route),
      steer({ route, ...question }) {
        const id = ++last;
        post({ id, question: { ...question, route: route.name } });
        return new Promise((resolve) => waiting.set(id, resolve));
      },
      ended(facts) {
        if (heard.has(facts.route)) ends.push(facts);
      },
    },
    told({ id, turn }) {
      waiting.get(id)?.(turn);
      waiting.delete(id);
    },
    mind(minded) {
      asked = new Set(minded.asked);
      heard = new Set(minded.heard);
    },
  };
}

/** The first thread's end. */
export async function steerFor(
  steerers: readonly Steerer[],
  routes: readonly Route[],
  { question }: SteerAsked,
): Promise<Turn | undefined> {
  const route = routes.find(({ name }) => name === question.route);
  // Gone by a reload in the meantime.
  if (!route) return undefined;
  for (const steerer of steerers) {
    if (steerer.minds && !steerer.minds(route.name)) continue;
    const turn = await steerer.steer({ ...question, route });
    if (turn) return turn;
  }
  return undefined;
}

/** What is minded now by anybody who steers. */
export function mindedBy(steerers: readonly Steerer[], routes: readonly Route[]): Minded {
  const names = routes.map(({ name }) => name);
  const minds = (steerer: Steerer, name: string) => steerer.minds?.(name) ?? true;
  return {
    asked: names.filter((name) => steerers.some((steerer) => minds(steerer, name))),
    heard: names.filter((name) =>
      steerers.some((steerer) => steerer.ended && (steerer.hears?.(name) ?? minds(steerer, name))),
    ),
  };
}
