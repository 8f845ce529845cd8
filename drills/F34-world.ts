import type { RouterView } from '#contracts';
import { seeded } from '#kernel';
import { drawNormal } from '#kernel/stats';
import type { SceneContext } from './define.ts';
import type { Question, Rehearsal } from './rehearsal.ts';

export const ROUTE = 'chat';
export const CHEAP = 'small';
export const DEAR = 'large';
/** US dollars for a million tokens of input; the rest is free, so that a price is known by the question alone. */
export const PRICES = { [DEAR]: 25, [CHEAP]: 2.5 } as const;

/** How people fare with the cheap model. */
export interface Fate {
  /** Share of questions that the router sends to the dear model. */
  readonly escalated: number;
  /** Cheap answers that are no good, and how often their reader then asks again; each repeat is routed anew. */
  readonly bad: number;
  readonly repeats: number;
}

/** 0.6 + 0.4·0.1 = 0.64 of the dear price for a call; 1/(1 − 0.4·0.5357·2) = 1.75 calls for a task: 1.12. */
export const ACTUAL: Fate = { escalated: 0.6, bad: 0.5357, repeats: 2 };
export const CALIBRATED: Fate = { escalated: 0.3, bad: 0.05, repeats: 1 };
/** A router that chooses the dear model every time. */
export const IDLE: Fate = { escalated: 1, bad: 0, repeats: 0 };

export const TASKS = 5_000;

const LAW = {
  firstToken: { median: 20, sigma: 0 },
  gap: { median: 0, sigma: 0 },
  tokens: { median: 5, sigma: 0 },
};
export const WORLD = JSON.stringify({ models: { [DEAR]: LAW, [CHEAP]: LAW } });

export const configOf = (router: object = {}): string =>
  JSON.stringify({
    providers: {
      sim: {
        kind: 'simulator',
        prices: Object.fromEntries(
          Object.entries(PRICES).map(([model, input]) => [model, { input, output: 0 }]),
        ),
      },
    },
    routes: {
      [ROUTE]: {
        tiers: [DEAR, CHEAP].map((model) => ({ name: model, targets: [{ provider: 'sim', model }] })),
        router: {
          cheap: CHEAP,
          dear: DEAR,
          rules: [{ take: 'dear', features: [HARD] }],
          otherwise: 'cheap',
          expectedEscalation: 0.3,
          holdback: 0.1,
          tasks: TASKS,
          ...router,
        },
      },
    },
  });

/** What the router takes for hard. */
const HARD = 'hard';
/** Tokens of context with a coefficient of variation of 0.6, as costs of a frontier model have. */
const CONTEXT = { median: 400, sigma: Math.sqrt(Math.log1p(0.6 ** 2)) };
/** Somebody who is not content takes a minute to say so. */
const AGAIN = 60_000;
/** Beyond it people give up; one task in thousands comes here. */
const MOST_ASKED = 40;

export interface Crowd {
  /** One task from its first question to an answer that is good. Returns how often was asked. */
  task(): Promise<number>;
}

/** `ask` returns the model that answered. */
export function crowd(
  { seed }: SceneContext,
  what: string,
  fate: Fate,
  ask: (question: Question, hard: boolean) => Promise<string>,
  wait: (ms: number) => Promise<unknown>,
): Crowd {
  const random = seeded(`F34 ${what} ${seed}`);
  let tasks = 0;
  const question = (thread: number, again: number, hard: boolean): Question => ({
    path: '/v1/chat/completions',
    headers: { 'x-midwatch-thread': `t${thread}`, ...(hard && { 'x-midwatch-feature': HARD }) },
    body: {
      model: 'any',
      messages: [
        { role: 'system', content: 'word'.repeat(context(random)) },
        {
          role: 'user',
          content: `question ${thread} about how the thing number ${thread} is to be mended at home${' please'.repeat(again)}`,
        },
      ],
    },
  });
  return {
    async task() {
      const thread = tasks++;
      let asked = 0;
      for (let left = 1; left > 0 && asked < MOST_ASKED; left--) {
        const hard = random() < fate.escalated;
        const model = await ask(question(thread, Math.min(asked++, 3), hard), hard);
        if (model === CHEAP && random() < fate.bad) left += fate.repeats;
        if (left > 1) await wait(AGAIN);
      }
      return asked;
    },
  };
}

const context = (random: () => number): number =>
  Math.round(CONTEXT.median * Math.exp(CONTEXT.sigma * drawNormal(random)));

/** A crowd in front of the gateway. */
export function served(context: SceneContext, what: string, fate: Fate, router: object = {}) {
  const rehearsal = context.rehearse({ world: WORLD, config: configOf(router) });
  const ask = async (question: Question) => {
    await rehearsal.ask(question);
    return rehearsal.crossings.at(-1)?.model ?? '';
  };
  const wait = (ms: number) => rehearsal.run(rehearsal.clock.sleep(ms));
  return { rehearsal, ...crowd(context, what, fate, ask, wait) };
}

/** What the books say now, without the reading's intervals, which cost more than the exchange before it. */
export function verdictOf(rehearsal: Rehearsal): RouterView['verdict'] {
  const books = rehearsal.routers.snapshot()[ROUTE]?.books;
  if (!books) throw new Error('the drill has a router');
  return books.before?.verdict ?? books.cost.verdict;
}

export function routerOf(rehearsal: Rehearsal): RouterView {
  const [router] = rehearsal.routers.read();
  if (!router) throw new Error('the drill has a router');
  return router;
}
