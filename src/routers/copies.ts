import type { Shadower, ShadowPair } from '#contracts';
import { copied, type Model, orderOf } from './desk.ts';

/**
 * Which exchanges a router wants copies of, told from their facts alone: for threads beside the one that keeps its books. What
 * the copies say goes to those books.
 */
export const routerCopies = (
  minds: (route: string) => boolean,
  paired: (pair: ShadowPair) => void,
): Shadower => ({
  minds,
  shadow({ route, facts }) {
    const { router } = route.config;
    if (!router) return undefined;
    // As the desk has named it: the arm and the choice.
    const choice = CHOICES[facts.tier.cell ?? ''];
    return choice && copied(router, choice, facts) ? orderOf(route, router, choice) : undefined;
  },
  paired,
});

const CHOICES: Readonly<Record<string, Model>> = { 'router:cheap': 'cheap', 'router:dear': 'dear' };
