import type { Question } from './rehearsal.ts';

/** Nine targets in three tiers. */
export const MODELS = Array.from({ length: 9 }, (_, i) => `deck-${i + 1}`);
const TIERS = ['primary', 'second', 'third'] as const;
/** Whole micro-dollars a token, so that no bill depends on where it was rounded. Later tiers are dearer. */
const PRICES = MODELS.map((_, i) => ({ input: 2 + Math.floor(i / 3), output: 10 + 5 * Math.floor(i / 3) }));
export const tierOf = (model: string): string | undefined => TIERS[Math.floor(MODELS.indexOf(model) / 3)];

/** How a route is lived on: what an exchange may cost in attempts, and how long callers wait between two questions. */
export interface Life {
  readonly attempts: { readonly perTarget: number; readonly perExchange: number };
  readonly pause: number;
}
/**
 * The catalogue's: up to nine attempts, each as likely to fail as the others. For that the questions come so seldom that a
 * target parked by a 429 is open again (own parks end after a minute), and the retry budget has its floor for each of them.
 */
export const CATALOGUE: Life = { attempts: { perTarget: 2, perExchange: 9 }, pause: 70_000 };
/** The product's own bounds, one question after the other: parks and ejections take part. */
export const BUSY: Life = { attempts: { perTarget: 2, perExchange: 4 }, pause: 0 };

export const configOf = ({ attempts }: Life): string =>
  JSON.stringify({
    providers: {
      sim: { kind: 'simulator', prices: Object.fromEntries(MODELS.map((model, i) => [model, PRICES[i]])) },
    },
    routes: {
      chat: {
        attempts,
        tiers: TIERS.map((name, t) => ({
          name,
          targets: MODELS.slice(3 * t, 3 * t + 3).map((model) => ({ provider: 'sim', model })),
        })),
      },
    },
  });

/**
 * An attempt succeeds with probability `success`: on the chat protocol the others are refused and cost nothing, on the
 * messages protocol most are torn after they were opened, and their input is billed.
 */
export const failing = (success: number): readonly Fault[] => {
  const half = 1 - Math.sqrt(success);
  const few = half / 4;
  return [
    { fault: 'status', on: { endpoint: 'openai-chat' }, with: { code: 503 }, probability: half },
    { fault: 'status', on: { endpoint: 'openai-chat' }, with: { code: 429 }, probability: half },
    { fault: 'status', on: { endpoint: 'anthropic-messages' }, with: { code: 529 }, probability: few },
    {
      fault: 'cut',
      on: { endpoint: 'anthropic-messages' },
      with: { after: 0 },
      probability: 1 - success / (1 - few),
    },
  ];
};
export const HEALTHY: readonly Fault[] = [];
/** Sound answers, billed in full, that the gateway must not pass on because they claim to be something else. */
export const MISLABELLED: readonly Fault[] = [
  { fault: 'wrong-content-type', on: { endpoint: 'openai-chat' }, with: {}, probability: 0.3 },
];

export interface Fault {
  readonly fault: string;
  readonly on: { readonly endpoint: string };
  readonly with: object;
  readonly probability: number;
}

export function worldOf(timeline: readonly Fault[]): string {
  return JSON.stringify({
    // Prompt tokens in a burst: what a stream does between its first and last token is not what this drill is about.
    models: Object.fromEntries(
      MODELS.map((model, i) => [
        model,
        { prices: PRICES[i], gap: { median: 0, sigma: 0 }, tokens: { median: 40 } },
      ]),
    ),
    timeline,
  });
}

/** As long as prompts are, so that the input of a torn stream weighs what it weighs in life. */
const SYSTEM = 'You keep the midnight watch of a ship and answer in short sentences. '.repeat(30);

export const question = (i: number): Question => {
  const content = `Watch ${i}: what is ${17 + (i % 50)} times 23, and why does it matter tonight?`;
  const user = { role: 'user', content };
  return i % 2 === 0
    ? {
        path: '/v1/chat/completions',
        body: { model: 'chat', messages: [{ role: 'system', content: SYSTEM }, user] },
      }
    : {
        path: '/v1/messages',
        headers: { 'anthropic-version': '2023-06-01' },
        body: { model: 'chat', max_tokens: 4_000, stream: true, system: SYSTEM, messages: [user] },
      };
};
