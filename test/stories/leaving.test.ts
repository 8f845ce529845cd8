import { afterEach, expect, test } from 'bun:test';
import type { Outcome } from '#contracts';
import { well } from '../support/failure-table.ts';
import { eventually, type PuppetHouse, type PuppetHouseOptions, puppetHouse } from '../support/houses.ts';
import { type Behaviour, type Call, streamed, whole } from '../support/puppet.ts';
import { fetched, OPENAI, TONGUES, type Tongue } from '../support/tongues.ts';

/**
 * A caller who leaves, at every stage of its exchange: the provider is let go soon, nothing is tried after it, nobody is
 * blamed, and the record says so.
 */
let set: PuppetHouse | undefined;
afterEach(async () => {
  await set?.stop();
  set = undefined;
});
const open = async (first: Behaviour, options: PuppetHouseOptions): Promise<PuppetHouse> => {
  set = await puppetHouse(first, options);
  return set;
};

/** Promised is half a second; a machine that is shared gets some more. */
const LET_GO_MS = 1_500;
/** Longer than any first backoff: what is tried again in spite of all is seen. */
const LONG_ENOUGH = 500;

const refused =
  (tongue: Tongue, status: number, headers: Readonly<Record<string, string>>): Behaviour =>
  ({ write }) =>
    write(whole(status, { ...tongue.json, ...headers }, tongue.error(tongue.words.limited, 'slow down')));

interface Stage {
  readonly name: string;
  readonly ways: readonly boolean[];
  acts(tongue: Tongue): Behaviour;
  /** When it is time to leave. */
  ready(calls: readonly Call[], seen: () => boolean): boolean;
  /** Attempts that have a row, with their outcomes. */
  readonly rows: readonly Outcome[];
  /** The connection is in use when the caller leaves. */
  readonly open: boolean;
}

const STAGES: readonly Stage[] = [
  {
    name: 'before the head',
    ways: [true, false],
    acts: () => () => undefined,
    ready: (calls) => calls.length === 1,
    rows: ['cancelled'],
    open: true,
  },
  {
    name: 'before the first token',
    ways: [true],
    acts:
      (t) =>
      ({ write }) =>
        write(streamed(t.sse, ...t.opening)),
    ready: (calls) => calls.length === 1,
    rows: ['cancelled'],
    open: true,
  },
  {
    name: 'in the middle of the stream',
    ways: [true],
    acts:
      (t) =>
      ({ write }) =>
        write(streamed(t.sse, ...t.opening, t.delta('Hel'))),
    ready: (_, seen) => seen(),
    rows: ['cancelled'],
    open: true,
  },
  {
    name: 'in the middle of a whole body',
    ways: [false],
    acts:
      (t) =>
      ({ write }) =>
        write(whole(200, t.json, t.answer('Hello')).slice(0, -20)),
    ready: (calls) => calls.length === 1,
    rows: ['cancelled'],
    open: true,
  },
  {
    name: 'during a backoff',
    ways: [true, false],
    acts: (t) => refused(t, 503, { 'retry-after-ms': '2500' }),
    ready: (calls) => calls.length === 1,
    rows: ['error'],
    open: false,
  },
  {
    name: 'during a wait that the provider asked for',
    ways: [true, false],
    acts: (t) => refused(t, 429, { 'retry-after-ms': '2500' }),
    ready: (calls) => calls.length === 1,
    rows: ['error'],
    open: false,
  },
];

interface Case {
  readonly stage: Stage;
  readonly stream: boolean;
  readonly caller: Tongue;
  readonly provider: Tongue;
}

async function leave({ stage, stream, caller, provider }: Case): Promise<void> {
  const { acts, ready, rows, open: inUse } = stage;
  const at = await puppetHouse(acts(provider), {
    tongue: provider,
    ...(inUse && { second: (call: Call) => well(call, { tongue: provider, stream }) }),
  });
  const { house, first, second } = at;
  const leaves = new AbortController();
  let seen = false;
  const call = fetched(house.url, caller, {
    stream,
    signal: leaves.signal,
    onText: () => {
      seen = true;
    },
  }).catch(() => undefined);
  await eventually(() => ready(first.calls, () => seen));
  // What was just written is on its way.
  await Bun.sleep(50);
  const left = performance.now();
  leaves.abort();
  await call;
  if (inUse) {
    await first.calls[0]?.closed;
    expect(performance.now() - left).toBeLessThan(LET_GO_MS);
  }
  const facts = await at.record(0);
  expect(performance.now() - left).toBeLessThan(LET_GO_MS);
  expect(facts.outcome).toBe('cancelled');
  expect(facts.failure).toMatchObject({ kind: 'client_left', origin: 'client' });
  expect(facts.attempts.map((a) => a.outcome)).toEqual([...rows]);
  if (seen) expect(facts.usage.basis).toBe('estimated');
  await Bun.sleep(LONG_ENOUGH);
  expect([first.calls.length, second.calls.length]).toEqual([1, 0]);
  expect(house.gateway.stats()).toMatchObject({ inFlight: 0, streams: 0 });
  // Nobody is condemned for a caller who left.
  if (inUse) for (const stand of house.gateway.standing.read()) expect(stand.closedFor).toBe(0);
  await at.stop();
}

// All ways and dialects of a stage at once: nearly all of it is waiting.
test.each(STAGES)('a caller who leaves $name', async (stage) => {
  const cases = stage.ways.flatMap((stream) =>
    TONGUES.flatMap((caller) => TONGUES.map((provider): Case => ({ stage, stream, caller, provider }))),
  );
  const wrong = await Promise.all(
    cases.map((one) =>
      leave(one).then(
        () => undefined,
        (error: unknown) =>
          `${one.stream ? 'stream' : 'whole'}, ${one.caller.name} client, ${one.provider.name} provider: ${error}`,
      ),
    ),
  );
  expect(wrong.filter((text) => text !== undefined)).toEqual([]);
});

test('a caller who leaves while it waits for a parked target', async () => {
  const acts = refused(OPENAI, 429, { 'retry-after-ms': '2500' });
  const { house, first, record } = await open(acts, {
    tongue: OPENAI,
    route: { attempts: { perTarget: 1 } },
  });
  expect((await fetched(house.url, OPENAI, { stream: false })).status).toBe(429);
  const leaves = new AbortController();
  const call = fetched(house.url, OPENAI, { stream: false, signal: leaves.signal }).catch(() => undefined);
  await eventually(() => house.gateway.stats().inFlight === 1);
  await Bun.sleep(50);
  const left = performance.now();
  leaves.abort();
  await call;
  const facts = await record(1);
  expect(performance.now() - left).toBeLessThan(LET_GO_MS);
  expect(facts).toMatchObject({ outcome: 'cancelled', attempts: [], failure: { kind: 'client_left' } });
  await Bun.sleep(3_000);
  expect(first.calls).toHaveLength(1);
  expect(house.gateway.stats().inFlight).toBe(0);
});

test('callers who leave, however many, eject nobody and use up no retry', async () => {
  let silent = true;
  const { house, first, second } = await open(
    (call) => (silent ? undefined : well(call, { tongue: OPENAI, stream: false })),
    { tongue: OPENAI, second: (call) => well(call, { tongue: OPENAI, stream: false }) },
  );
  for (let n = 1; n <= 12; n++) {
    const leaves = new AbortController();
    const call = fetched(house.url, OPENAI, { stream: false, signal: leaves.signal }).catch(() => undefined);
    await eventually(() => first.calls.length === n);
    leaves.abort();
    await call;
    await eventually(() => house.gateway.stats().inFlight === 0);
  }
  silent = false;
  for (let n = 0; n < 5; n++)
    expect((await fetched(house.url, OPENAI, { stream: false })).headers.get('x-midwatch-tier')).toBe(
      'primary',
    );
  expect(second.calls).toHaveLength(0);
});

test('a caller who hangs up after the reason for the end has had a whole answer', async () => {
  const { house, record } = await open(
    ({ write }) => write(streamed(OPENAI.sse, ...OPENAI.opening, OPENAI.delta('Hel'), OPENAI.reason())),
    { tongue: OPENAI },
  );
  const leaves = new AbortController();
  const call = fetched(house.url, OPENAI, {
    stream: true,
    signal: leaves.signal,
    onText: () => setTimeout(() => leaves.abort(), 20),
  }).catch(() => undefined);
  await call;
  expect((await record(0)).outcome).toBe('complete');
});
