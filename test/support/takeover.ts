import { expect } from 'bun:test';
import type { ExchangeFacts, RouteConfig } from '#contracts';
import { type TestGateway, testGateway } from './gateway.ts';
import { eventually } from './houses.ts';
import { type Behaviour, type Call, LAST_CHUNK, type Puppet, puppet, streamed } from './puppet.ts';
import { OPENAI, type Tongue } from './tongues.ts';

export const TEXT = 'The quick brown fox — vulpes 🦊 in Köln — jumps over the lazy dog. Then it rests.';
/** As it comes: pieces end within words, and next to what takes several bytes. */
export const PIECES = TEXT.match(/[\s\S]{1,5}/gu) ?? [];

export interface Rig {
  readonly house: TestGateway;
  readonly first: Puppet;
  readonly second: Puppet;
  record(n?: number): Promise<ExchangeFacts>;
}
interface RigOptions {
  readonly tongues?: readonly [Tongue, Tongue];
  readonly takeover?: object | null;
  readonly prefill?: 'none' | 'turn' | 'prefix' | 'continue';
  readonly route?: object;
}

const stops: (() => Promise<void> | void)[] = [];
/** What `stopAll` stops, in this order. */
export const onStop = (...more: readonly (() => Promise<void> | void)[]): void => void stops.push(...more);
/** Ends every rig that stands; after each test, or between two cases of one. */
export async function stopAll(): Promise<void> {
  for (const stop of stops.splice(0)) await stop();
}

export const PRICES = { 'm-1': { input: 3, output: 15 } };

export async function rig(acts: Behaviour, rescues: Behaviour, options: RigOptions = {}): Promise<Rig> {
  const first = await puppet(acts);
  const second = await puppet(rescues);
  const [one, other] = options.tongues ?? [OPENAI, OPENAI];
  const entry = (tongue: Tongue, port: number) => ({
    protocol: tongue.name,
    baseUrl: `http://127.0.0.1:${port}${tongue === OPENAI ? '/v1' : ''}`,
    apiKey: 'sk-provider-key-of-the-house-0000',
    prices: PRICES,
  });
  const { takeover = {}, prefill } = options;
  const house = testGateway({
    providers: { up: entry(one, first.port), spare: entry(other, second.port) },
    routes: {
      chat: {
        ...(takeover && { takeover: takeover as Partial<NonNullable<RouteConfig['takeover']>> }),
        tiers: [
          { name: 'primary', targets: [{ provider: 'up', model: 'm-1' }] },
          { name: 'fallback', targets: [{ provider: 'spare', model: 'm-1', ...(prefill && { prefill }) }] },
        ],
        ...options.route,
      },
    },
  });
  onStop(
    () => house.stop(),
    () => first.stop(),
    () => second.stop(),
  );
  return {
    house,
    first,
    second,
    async record(n = 0) {
      await eventually(() => house.finished.length > n);
      return (house.finished[n] as (typeof house.finished)[number]).facts;
    },
  };
}

/** Everything that comes before a reason for the end. */
export const beginning = (t: Tongue, pieces: readonly string[]) => [
  ...t.opening,
  ...pieces.map((p) => t.delta(p)),
];
export const ending = (t: Tongue) => [t.reason(), t.usage, t.terminator];

/** Says this much of the answer and hangs up. */
export const cutAfter =
  (t: Tongue, pieces: number): Behaviour =>
  ({ write, fin }) => {
    write(streamed(t.sse, ...beginning(t, PIECES.slice(0, pieces))));
    fin();
  };
export const says =
  (t: Tongue, text: string, piece = 7): Behaviour =>
  ({ write }) => {
    const pieces = text.match(new RegExp(`[\\s\\S]{1,${piece}}`, 'gu')) ?? [];
    write(streamed(t.sse, ...beginning(t, pieces), ...ending(t)) + LAST_CHUNK);
  };

interface AskBody {
  readonly messages: readonly {
    readonly role: string;
    readonly content: unknown;
    readonly prefix?: boolean;
  }[];
  readonly [key: string]: unknown;
}
export const bodyOf = ({ body }: Call): AskBody => JSON.parse(new TextDecoder().decode(body));
/** The beginning that it was handed. */
const handed = (call: Call): string =>
  String(bodyOf(call).messages.findLast(({ role }) => role === 'assistant')?.content);

/** Goes on from what it was handed: after a word of it, or at once. */
export const goesOn =
  (t: Tongue, repeats: boolean): Behaviour =>
  (call) => {
    const said = handed(call);
    if (!TEXT.startsWith(said)) throw new Error(`was handed "${said}"`);
    const from = repeats ? Math.max(0, said.slice(0, -1).lastIndexOf(' ') + 1) : said.length;
    return says(t, TEXT.slice(from))(call);
  };

export function expectTaken(facts: ExchangeFacts, after = 'cut'): void {
  expect(facts.attempts.map((a) => [a.cause, a.outcome])).toEqual([
    ['first', after === 'cut' ? 'cut' : expect.any(String)],
    ['takeover', 'complete'],
  ]);
  expect(facts).toMatchObject({ outcome: 'complete', tier: { served: 'fallback', demotedBy: after } });
  expect(facts.failure).toBeUndefined();
  expect(facts.verdicts.filter(({ guard }) => guard !== 'proof')).toMatchObject([
    { guard: 'takeover', decision: 'change' },
  ]);
  expect(facts.cost.microUsd).toBe(facts.attempts.reduce((sum, a) => sum + a.cost.microUsd, 0));
}

/** The events of a chat stream. */
export const chatStream = (raw: string) =>
  raw
    .split('\n\n')
    .filter((e) => e.startsWith('data: {'))
    .map((e) => JSON.parse(e.slice(6)));
