import type { Question, Seen } from './rehearsal.ts';

/** Tokens of the largest asks and of the others, and exchanges a second on an ordinary day and at peak. */
const LARGE = 6_000;
const SMALL = 300;
export const RATE = { day: 2, peak: 4 } as const;
/** Share of asks that are large. */
const LARGE_SHARE = 20;
/** Tokens a minute that the first tier needs at peak: four asks a second of about 600 tokens and 200 of answer. */
const NEED = RATE.peak * 60 * (SMALL + (LARGE - SMALL) / LARGE_SHARE + 200);

/** What is wrong with a secondary. */
export interface Secondary {
  /** Of the tokens that the first tier needs a minute. */
  readonly capacity: number;
  /** Share of tool calls that break their schema. */
  readonly breaks: number;
  /** Tokens that it holds. */
  readonly context: number;
  /** Times the price of the first tier. */
  readonly price: number;
}
export const POOR: Secondary = { capacity: 0.3, breaks: 0.08, context: 4_000, price: 3 };
export const SOUND: Secondary = { capacity: 2, breaks: 0.002, context: 32_000, price: 1.1 };

const LAW = {
  firstToken: { median: 200, sigma: 0.3 },
  gap: { median: 2, sigma: 0.3 },
  tokens: { median: 30 },
};

/** `outage` in milliseconds since the beginning. */
export const worldOf = (
  { capacity, breaks, context }: Secondary,
  outage?: { readonly from: number; readonly to: number },
): string =>
  JSON.stringify({
    models: { main: LAW, second: { ...LAW, context } },
    quotas: [{ model: 'second', tokensPerMinute: Math.round(capacity * NEED), burst: '10s' }],
    timeline: [
      { fault: 'renamed-field', on: { model: 'second' }, probability: breaks },
      ...(outage ? [{ fault: 'status', with: { code: 503 }, on: { model: 'main' }, ...outage }] : []),
    ],
  });

/** US dollars a million tokens. */
const pricesOf = (model: string, times: number) => ({ [model]: { input: times, output: 4 * times } });

/** `version` of the secondary's key: another one is another contract, of which nothing is known. */
export const configOf = ({ price }: Secondary, share: number, version = 0): string =>
  JSON.stringify({
    providers: {
      main: { kind: 'simulator', prices: pricesOf('main', 1) },
      second: { kind: 'simulator', apiKey: `sk-second-${version}`, prices: pricesOf('second', price) },
    },
    routes: {
      chat: {
        exercise: { share, dear: 1.5 },
        timeouts: { headers: '10s', firstToken: '10s', whole: '20s', total: '60s' },
        waitForTarget: '0s',
        tiers: [
          { name: 'primary', targets: [{ provider: 'main', model: 'main' }] },
          { name: 'secondary', minProof: 'LOAD', targets: [{ provider: 'second', model: 'second' }] },
        ],
      },
    },
  });

const TOOL = {
  type: 'function',
  function: {
    name: 'book_table',
    description: 'Books a table.',
    parameters: {
      type: 'object',
      properties: { place: { type: 'string' }, seats: { type: 'integer' } },
      required: ['place', 'seats'],
      additionalProperties: false,
    },
  },
};

/** A fifth of the callers wait for their answer, a fifth do not care when it comes. */
export const laneOf = (i: number): 'interactive' | 'normal' | 'batch' =>
  i % 5 === 0 ? 'interactive' : i % 5 === 1 ? 'batch' : 'normal';

export const question = (i: number): Question => ({
  path: '/v1/chat/completions',
  headers: { 'x-midwatch-priority': laneOf(i) },
  body: {
    model: 'chat',
    max_tokens: 200,
    tools: [TOOL],
    tool_choice: { type: 'function', function: { name: 'book_table' } },
    messages: [
      {
        role: 'user',
        content: `${'word '.repeat(i % LARGE_SHARE === 7 ? LARGE : SMALL)}Call book_table for ${2 + (i % 6)} people in Lisbon.`,
      },
    ],
  },
});

export const served = ({ status, body, broken }: Seen): boolean =>
  status === 200 && !broken && /\\?"place\\?"/.test(body);
