import {
  type AskRecord,
  type Attempt,
  type Axes,
  type BodyHash,
  type ChainHash,
  type ChainLink,
  type Clock,
  type DigestedExchange,
  type Exchange,
  type ExchangeId,
  NO_COST,
  NO_USAGE,
  type ReleaseId,
} from '#contracts';
import { exchangeIds, hashBody, hashLink, sha256, systemClock, virtualClock } from '#kernel';

/** Exchanges for tests, as a scribe would hand them over. */

export const START = Date.UTC(2026, 0, 5, 12);

/** Real timers at a fixed date: what is believable event time must not depend on the day the tests run. */
export const testClock: Clock = { ...systemClock(), now: () => START + 100 * 86_400_000 };

export const releaseOf = (axes: Axes): ReleaseId =>
  sha256(JSON.stringify(Object.entries(axes).sort())).slice(0, 32) as ReleaseId;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Ids for a time; each maker numbers its own, so that a test repeats itself exactly. */
export function idMaker(seed = 1): (at: number) => ExchangeId {
  const random = virtualClock({ seed });
  let at = START;
  const next = exchangeIds({ ...random, now: () => at });
  return (time) => {
    at = time;
    return next();
  };
}

export interface Sample {
  readonly id: ExchangeId;
  readonly at: number;
  readonly axes?: Axes;
  readonly messages?: readonly string[];
  readonly answer?: string;
  readonly envelope?: string;
  readonly exchange?: Partial<Exchange>;
  readonly attempts?: readonly Partial<Attempt>[];
}

export function sample({
  id,
  at,
  axes = { model: 'm' },
  messages,
  answer,
  envelope = '{}',
  ...rest
}: Sample): DigestedExchange {
  const bodies = new Map<BodyHash, Uint8Array>();
  const links = new Map<ChainHash, ChainLink>();
  const keep = (text: string) => {
    const body = bytes(text);
    const hash = hashBody(body);
    bodies.set(hash, body);
    return hash;
  };
  let chain: ChainHash | undefined;
  for (const message of messages ?? []) {
    const hash = keep(message);
    const next = hashLink(chain, hash);
    links.set(next, { ...(chain && { before: chain }), message: hash });
    chain = next;
  }
  const ask: AskRecord | undefined = chain && {
    messages: chain,
    length: messages?.length ?? 0,
    envelope: keep(envelope),
  };
  const answerHash = answer === undefined ? undefined : keep(answer);
  const attempts = (rest.attempts ?? [{}]).map(
    (attempt, i): Attempt => ({
      number: i + 1,
      cause: i === 0 ? 'first' : 'retry',
      tier: 'primary',
      provider: 'sim',
      model: 'm-1',
      startedAt: at,
      outcome: 'complete',
      status: 200,
      usage: { ...NO_USAGE, input: 12, output: 5, basis: 'reported' },
      cost: { microUsd: 40, state: 'exact', priceVersion: 'test', parts: { input: 15, output: 25 } },
      timing: { headers: 10, firstByte: 11, firstToken: 12, total: 100 },
      ...attempt,
    }),
  );
  const exchange: Exchange = {
    id,
    at,
    kind: 'model',
    source: 'gateway',
    route: 'chat',
    protocol: 'openai-chat',
    release: releaseOf(axes),
    observed: { model: 'm-1-2026' },
    who: { key: 'key_1' },
    place: {},
    ask: {
      model: 'm',
      stream: false,
      turns: messages?.length ?? 1,
      tools: 0,
      images: 0,
      audios: 0,
      structured: false,
      choices: 1,
      stops: 0,
      bytes: 200,
    },
    attempts,
    verdicts: [],
    tier: { intended: 'primary', served: 'primary' },
    outcome: 'complete',
    usage: attempts.at(-1)?.usage ?? NO_USAGE,
    cost: {
      ...(attempts.at(-1)?.cost ?? NO_COST),
      microUsd: attempts.reduce((sum, a) => sum + a.cost.microUsd, 0),
    },
    timing: { queued: 0, firstByte: 11, firstToken: 12, total: 100, overhead: 0.25 },
    status: 200,
    record: ask ? 'full' : 'none',
    ...(ask && { askRecord: ask }),
    ...(answerHash && { answerRecord: { messages: [answerHash] } }),
    ...rest.exchange,
  };
  return {
    exchange,
    digest: {
      axes,
      release: exchange.release,
      ...(exchange.askRecord && { ask: exchange.askRecord }),
      ...(exchange.answerRecord && { answer: exchange.answerRecord }),
      bodies,
      links,
    },
  };
}
