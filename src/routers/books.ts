import type { EpochMs, RouterConfig } from '#contracts';
import { escalation, type RouterCostState, routerCost, type ShadowPair } from '#kernel/router';
import type { Task } from './tasks.ts';

type Escalations = Parameters<ReturnType<typeof escalation>['step']>[0];

/** Beside the money of an arm: its calls, and what its first calls alone cost. */
export interface Calls {
  readonly exchanges: number;
  readonly firstMicroUsd: number;
}

/** Sums over closed tasks, and the pairs of the shadow; plain JSON, so that a restart is no new beginning. */
export interface Books {
  readonly since: EpochMs;
  readonly cost: RouterCostState;
  readonly calls: { readonly router: Calls; readonly frontier: Calls };
  readonly escalations: Escalations;
  readonly unpriced: number;
  readonly pairs: readonly ShadowPair[];
  readonly before?: {
    readonly verdict: RouterCostState['verdict'];
    readonly until: EpochMs;
    readonly last?: RouterCostState['last'];
  };
}

/** Pairs that regret is read from, the newest. */
const PAIRS = 2_000;
const NO_CALLS: Calls = Object.freeze({ exchanges: 0, firstMicroUsd: 0 });

/** How the books of one plan are kept. */
export function bookkeeping({ tasks: planned, expectedEscalation: declared, band }: RouterConfig) {
  const rule = routerCost({ planned });
  const watch = escalation({ declared, band });
  const open = (since: EpochMs): Books => ({
    since,
    cost: rule.start,
    calls: { router: NO_CALLS, frontier: NO_CALLS },
    escalations: watch.start,
    unpriced: 0,
    pairs: [],
  });
  return {
    open,

    /** The first exchange of a task of the router's arm has ended; nobody decided in the holdback. A task need not be over for this. */
    decided: (books: Books, escalated: boolean): Books => ({
      ...books,
      escalations: watch.step(books.escalations, escalated),
    }),

    /** A task that can no longer be repeated. Full books are closed with their verdict, and new ones begun: routers and their traffic change. */
    close(books: Books, { arm, exchanges, microUsd, firstMicroUsd, resolved }: Task, now: EpochMs): Books {
      const cost = rule.step(books.cost, { arm, microUsd, resolved });
      const calls = books.calls[arm];
      const next: Books = {
        ...books,
        cost,
        calls: {
          ...books.calls,
          [arm]: {
            exchanges: calls.exchanges + exchanges,
            firstMicroUsd: calls.firstMicroUsd + firstMicroUsd,
          },
        },
      };
      if (cost.router.n + cost.frontier.n < planned) return next;
      const { verdict, last } = cost;
      return { ...open(now), pairs: books.pairs, before: { verdict, until: now, ...(last && { last }) } };
    },

    pair: (books: Books, pair: ShadowPair): Books => ({
      ...books,
      pairs: [...books.pairs.slice(1 - PAIRS), pair],
    }),

    read: ({ cost, escalations }: Books) => ({ ...rule.read(cost), escalation: watch.read(escalations) }),
  };
}

export type Bookkeeping = ReturnType<typeof bookkeeping>;
