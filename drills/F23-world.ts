import { seeded } from '#kernel';
import { drawNormal } from '#kernel/stats';
import type { Question } from './rehearsal.ts';

export const MINUTE = 60_000;
export const MODEL = 'model';

/** Requests, tokens in and tokens out of a minute, and six seconds of each at once. */
export const LIMITS = { requests: 600, tokensIn: 400_000, tokensOut: 80_000 } as const;
export type Axis = keyof typeof LIMITS;
const BURST = '6s';

/** Mean tokens of a request, and the axis they run into first. */
export interface Mix {
  readonly tokensIn: number;
  readonly tokensOut: number;
  readonly binding: Axis;
}
const MIXES: readonly Mix[] = [
  { tokensIn: 300, tokensOut: 60, binding: 'requests' },
  { tokensIn: 1_200, tokensOut: 100, binding: 'tokensIn' },
  { tokensIn: 300, tokensOut: 400, binding: 'tokensOut' },
  { tokensIn: 4_000, tokensOut: 150, binding: 'tokensIn' },
  { tokensIn: 500, tokensOut: 250, binding: 'tokensOut' },
];
/** Every seed has one of the five, so that twenty seeds see each four times. */
export const mixOf = (seed: number): Mix => MIXES[seed % MIXES.length] as Mix;

/** Requests a minute at which the binding axis is just used up. */
export const capacityOf = ({ tokensIn, tokensOut }: Mix): number =>
  Math.min(LIMITS.requests, LIMITS.tokensIn / tokensIn, LIMITS.tokensOut / tokensOut);

/** Lengths are log-normal; the median is chosen so that the mean is right. */
const SIGMA = 0.6;
const medianOf = (mean: number) => mean * Math.exp(-(SIGMA * SIGMA) / 2);

export const worldOf = ({ tokensOut }: Mix): string =>
  JSON.stringify({
    models: {
      [MODEL]: {
        firstToken: { median: 500, sigma: 0.4 },
        gap: { median: 5, sigma: 0 },
        tokens: { median: Math.round(medianOf(tokensOut)), sigma: SIGMA },
      },
    },
    quotas: [
      {
        requestsPerMinute: LIMITS.requests,
        tokensInPerMinute: LIMITS.tokensIn,
        tokensOutPerMinute: LIMITS.tokensOut,
        burst: BURST,
      },
    ],
  });

export const CONFIG = JSON.stringify({
  providers: {
    sim: {
      kind: 'simulator',
      free: true,
      quota: {
        requestsPerMinute: LIMITS.requests,
        tokensInPerMinute: LIMITS.tokensIn,
        tokensOutPerMinute: LIMITS.tokensOut,
        burst: BURST,
      },
    },
  },
  routes: { chat: { tiers: [{ name: 'primary', targets: [{ provider: 'sim', model: MODEL }] }] } },
});

export type DrillLane = 'interactive' | 'batch';
const INTERACTIVE_SHARE = 0.3;
/** How long a caller of each lane has for everything, waiting and answer. */
const PATIENCE: Readonly<Record<DrillLane, number>> = { interactive: 15_000, batch: 40_000 };
/** The provider counts four bytes a token; what a question has around its text is a few more. */
const WORDS = 'watch by night and keep the light. '.repeat(2_000);
const TENANTS = 4;

export interface Call {
  readonly lane: DrillLane;
  readonly question: Question;
}

/** Callers that come at random, each with a name of his own, an even number of them from each tenant. */
export function* callsOf(seed: number, mix: Mix, perMinute: number, span: number) {
  const random = seeded(`F23 ${seed} ${perMinute}`);
  let at = 0;
  for (let i = 0; ; i++) {
    const after = (-Math.log(1 - random()) * MINUTE) / perMinute;
    at += after;
    if (at >= span) return;
    const lane: DrillLane = random() < INTERACTIVE_SHARE ? 'interactive' : 'batch';
    const tokens = Math.max(1, medianOf(mix.tokensIn) * Math.exp(SIGMA * drawNormal(random)));
    const length = Math.round(tokens * 4);
    const content = `${i} ${WORDS.slice(0, length)}`.slice(0, length);
    const question: Question = {
      path: '/v1/messages',
      body: { model: MODEL, max_tokens: 4_096, messages: [{ role: 'user', content }] },
      headers: {
        'anthropic-version': '2023-06-01',
        'x-midwatch-priority': lane,
        'x-midwatch-tenant': `tenant-${i % TENANTS}`,
        'x-midwatch-user': `user-${i}`,
        'x-midwatch-deadline-ms': String(PATIENCE[lane]),
      },
    };
    yield { after, call: { lane, question } satisfies Call };
  }
}
