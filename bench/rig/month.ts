import type { DigestedExchange, ExchangeId, Outcome, ReleaseId } from '#contracts';
import { NO_USAGE } from '#contracts';
import { canonical, exchangeIds, seeded, sha256, systemClock } from '#kernel';

export const ROUTES = 10;
export const KEYS = 20;

/** Chance of each outcome; most of a healthy month is complete, and what is rare is what people filter for. */
const OUTCOMES: readonly (readonly [Outcome, number])[] = [
  ['complete', 0.9],
  ['tool', 0.06],
  ['length', 0.015],
  ['error', 0.015],
  ['cancelled', 0.005],
  ['cut', 0.003],
  ['refusal', 0.0019],
  ['content_filter', 0.0001],
];
const MODELS = ['gpt-4o-mini', 'gpt-5.5', 'claude-sonnet-4-6', 'claude-haiku-4-5'];

/**
 * Makes exchanges such as a month of a busy installation holds: ten routes, twenty keys, ten thousand end users, a hundred
 * releases, threads of thirty, one in a hundred with a second attempt. Facts only: lists and charts read no bodies.
 */
export function monthMaker(seed: string): (at: number) => DigestedExchange {
  const random = seeded(seed);
  let now = 0;
  const id = exchangeIds({ ...systemClock(), now: () => now });
  let made = 0;
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const outcome = (): Outcome => {
    let left = random();
    for (const [name, chance] of OUTCOMES) {
      left -= chance;
      if (left < 0) return name;
    }
    return 'complete';
  };
  return (at) => {
    now = at;
    made++;
    const route = `route-${Math.floor(random() * random() * ROUTES)}`;
    const model = pick(MODELS);
    const axes = { model, prompt: sha256(`${route} ${Math.floor(random() * 10)}`).slice(0, 16) };
    const release = sha256(canonical(axes)).slice(0, 32) as ReleaseId;
    const ended = outcome();
    // Log-normal about one second.
    const total = 1_000 * Math.exp(0.8 * (random() + random() + random() - 1.5) * 2);
    const usage = {
      ...NO_USAGE,
      input: Math.floor(200 + random() * 4_000),
      output: Math.floor(20 + random() * 800),
      basis: 'reported' as const,
    };
    const input = Math.ceil(usage.input * 0.15);
    const output = Math.ceil(usage.output * 0.6);
    const cost = {
      microUsd: input + output,
      state: 'exact' as const,
      priceVersion: 'bench',
      parts: { input, output },
    };
    const attempts = Array.from({ length: random() < 0.01 ? 2 : 1 }, (_, i) => ({
      number: i + 1,
      cause: i === 0 ? ('first' as const) : ('fallback' as const),
      tier: 'primary',
      provider: model.startsWith('claude') ? 'anthropic' : 'openai',
      model,
      startedAt: at,
      outcome: ended,
      status: ended === 'error' ? 500 : 200,
      usage,
      cost,
      timing: { headers: total / 4, firstByte: total / 4, firstToken: total / 3, total },
    }));
    return {
      exchange: {
        id: id() as ExchangeId,
        at,
        kind: 'model',
        source: 'gateway',
        route,
        protocol: model.startsWith('claude') ? 'anthropic-messages' : 'openai-chat',
        release,
        observed: { model: `${model}-2026-05-01`, fingerprint: `fp_${model.length}` },
        who: {
          key: `key_${Math.floor(random() * KEYS)}`,
          user: `user-${Math.floor(random() * 10_000)}`,
          feature: `feature-${Math.floor(random() * 8)}`,
        },
        place: {
          thread: `thread-${Math.floor(made / 30)}`,
          ...(random() < 0.3 && { task: `task-${Math.floor(made / 90)}` }),
        },
        ask: {
          model,
          stream: random() < 0.7,
          turns: made % 30,
          tools: 4,
          images: 0,
          audios: 0,
          structured: false,
          choices: 1,
          stops: 0,
          bytes: 4_000,
        },
        attempts,
        verdicts: [],
        tier: { intended: 'primary', served: 'primary' },
        outcome: ended,
        usage,
        cost: attempts.length === 1 ? cost : twice(cost),
        timing: {
          queued: 0,
          firstByte: total / 4,
          firstToken: total / 3,
          total,
          overhead: 0.1 + random() / 5,
        },
        status: ended === 'error' ? 500 : 200,
        record: 'none',
      },
      digest: { axes, release, bodies: new Map(), links: new Map() },
    };
  };
}

const twice = <
  C extends {
    readonly microUsd: number;
    readonly parts: { readonly input: number; readonly output: number };
  },
>(
  cost: C,
): C => ({
  ...cost,
  microUsd: cost.microUsd * 2,
  parts: { input: cost.parts.input * 2, output: cost.parts.output * 2 },
});
