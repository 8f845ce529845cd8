import type { SceneContext } from './define.ts';
import { HOUR } from './F56-week.ts';
import type { Question } from './rehearsal.ts';

export const MODELS = ['a', 'b'] as const;
/** p95 450 ms. */
export const FIRST_TOKEN = { median: 250, sigma: 0.35 };
export const MINUTE = 60_000;
/** Rehearsals begin on Sunday at 19:00 of the provider; nine o'clock on Monday is fourteen hours later. */
export const NINE = 14 * HOUR;
export const START = Date.UTC(2026, 0, 5);
export const EVERY = 1_000;
/** Minutes before the fault, of it, and after it. */
export const SPAN = {
  full: { before: 5, fault: 20, after: 8 },
  quick: { before: 2, fault: 4, after: 0 },
} as const;
export const SLOWER = 55;

export const worldOf = (timeline: readonly object[]): string =>
  JSON.stringify({
    models: Object.fromEntries(
      MODELS.map((model) => [
        model,
        { firstToken: FIRST_TOKEN, gap: { median: 0, sigma: 0 }, tokens: { median: 40 } },
      ]),
    ),
    timeline,
  });

export const CONFIG = JSON.stringify({
  providers: { sim: { kind: 'simulator', free: true, concurrency: {} } },
  routes: {
    chat: {
      timeouts: { byHour: true },
      tiers: MODELS.map((model) => ({ name: model, targets: [{ provider: 'sim', model }] })),
    },
  },
});

const WATCH = 'Keep the midnight watch. ';
/** Some 1,600 tokens, of which nobody has asked before; to read them takes the model two times as long again. */
export const LONG = 250;
export const READING = { fault: 'latency-multiplier', with: { factor: 3 }, on: { prompt: WATCH.repeat(10) } };

export const BATCH_EVERY = 5;
export const question = (i: number, words = 0, model = 'chat'): Question => ({
  path: '/v1/chat/completions',
  headers: { 'x-midwatch-priority': i % BATCH_EVERY === 0 ? 'batch' : 'interactive' },
  body: {
    model,
    stream: true,
    messages: [{ role: 'user', content: `${WATCH.repeat(words)}What is ${17 + (i % 50)}*23?` }],
  },
});

export const contended = (context: SceneContext) => {
  const { fault } = SPAN[context.quick ? 'quick' : 'full'];
  return [
    {
      fault: 'latency-multiplier',
      with: { factor: SLOWER },
      on: { model: 'a' },
      from: NINE,
      to: NINE + fault * MINUTE,
    },
  ];
};
