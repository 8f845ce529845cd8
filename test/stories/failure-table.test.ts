import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { ExchangeFacts, FailureKind } from '#contracts';
import { type Row, type Scene, TABLE, type Way, well } from '../support/failure-table.ts';
import { type TestGateway, testGateway } from '../support/gateway.ts';
import { type Puppet, puppet } from '../support/puppet.ts';
import { ANTHROPIC, asked, classOf, fetched, OPENAI, TONGUES, type Tongue } from '../support/tongues.ts';

/**
 * The failure table, end to end: every row, streaming and whole, in either dialect and across, with one target and with a
 * second tier ready, over real sockets with the real clients. Every case has a house of its own, because a gateway rightly
 * remembers who failed.
 */
interface Case {
  readonly row: Row;
  readonly way: Way;
  readonly caller: Tongue;
  readonly provider: Tongue;
  readonly tiers: 1 | 2;
}

const cases: readonly Case[] = TABLE.flatMap((row) =>
  row.ways.flatMap((way) =>
    TONGUES.flatMap((caller) =>
      TONGUES.flatMap((provider) =>
        ([1, 2] as const).map((tiers): Case => ({ row, way, caller, provider, tiers })),
      ),
    ),
  ),
);

interface Stage {
  readonly house: TestGateway;
  readonly first: Puppet;
  readonly second: Puppet;
  readonly saw: () => void;
  /** From now on the first target is as well as can be. */
  heal(): void;
}

const other = (tongue: Tongue): Tongue => (tongue === OPENAI ? ANTHROPIC : OPENAI);

/** Runs one case in a house with three targets: the sick one, the second tier, and one on a route that nobody disturbs. */
async function staged(
  { row, way, provider, tiers }: Case,
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const stream = way === 'stream';
  let saw: () => void = () => undefined;
  const seen = new Promise<void>((resolve) => {
    saw = resolve;
  });
  const scene: Scene = { tongue: provider, stream, seen };
  const first = await puppet((call) => row.acts(call, scene));
  // A fallback is often of another make: it speaks the other dialect.
  const second = await puppet((call) => well(call, { tongue: other(provider), stream }));
  const root = (port: number) => `http://127.0.0.1:${port}`;
  const entry = (tongue: Tongue, base: string) => ({
    protocol: tongue.name,
    baseUrl: tongue === OPENAI ? `${base}/v1` : base,
    apiKey: 'sk-provider-key-of-the-house-0000',
  });
  const [window, larger] = row.windows ?? [];
  const target = (provider: string, contextWindow: number | undefined) => ({
    provider,
    model: 'm-1',
    ...(contextWindow !== undefined && { contextWindow }),
  });
  const house = testGateway({
    providers: {
      sick: entry(provider, row.address?.(first.port) ?? root(first.port)),
      spare: entry(other(provider), root(second.port)),
    },
    routes: {
      chat: {
        timeouts: {
          connect: 5_000,
          headers: 5_000,
          firstToken: 5_000,
          idle: 5_000,
          total: 10_000,
          ...row.timeouts,
        },
        ...(row.fallbackOn && { fallbackOn: [...row.fallbackOn] }),
        tiers: [
          { name: 'primary', targets: [target('sick', window)] },
          ...(tiers === 2 ? [{ name: 'fallback', targets: [target('spare', larger)] }] : []),
        ],
      },
      bystander: { tiers: [{ name: 'only', targets: [{ provider: 'spare', model: 'm-2' }] }] },
    },
  });
  const heal = () => first.act((call) => well(call, scene));
  try {
    await play({ house, first, second, saw, heal });
  } finally {
    house.stop();
    await first.stop();
    await second.stop();
  }
}

const GOOD: readonly string[] = ['complete', 'tool'];

async function run(one: Case): Promise<void> {
  const { row, way, caller, provider, tiers } = one;
  const stream = way === 'stream';
  const rescued = tiers === 2 && row.moves;
  await staged(one, async ({ house, first, second, saw, heal }) => {
    const told = await asked(house.url, caller, { stream, route: 'chat', onText: saw });
    const facts = await record(house, 0);
    const outcome = typeof row.outcome === 'function' ? row.outcome(provider) : row.outcome;
    const sick = facts.attempts.filter((a) => a.provider === 'sick');
    const expectedCalls = tiers === 2 ? (row.before ?? row.alone) : row.alone;

    // Nobody was asked more often than the table allows, and every call has its row.
    expect(sick).toHaveLength(expectedCalls);
    if (!row.address) expect(first.calls).toHaveLength(expectedCalls);
    expect(second.calls).toHaveLength(rescued ? 1 : 0);
    expect(facts.attempts.map((a) => a.cause)).toEqual([
      'first',
      ...Array(expectedCalls - 1).fill('retry'),
      ...(rescued ? ['fallback'] : []),
    ]);
    for (const attempt of sick.slice(0, -1)) expect(GOOD).not.toContain(attempt.outcome);
    const lastSick = sick.at(-1);
    expect([row.kind ?? 'none'].flat()).toContain(lastSick?.failure?.kind ?? 'none');
    expect(lastSick?.outcome).toBe(outcome);

    if (rescued || row.kind === undefined) {
      expect(told.error).toBeUndefined();
      expect(told.text).toBe(row.says ?? 'Hello');
      expect(told.finish).toBeTruthy();
      expect(facts.outcome).toBe(rescued ? 'complete' : outcome);
      expect(facts.tier.served).toBe(rescued ? 'fallback' : 'primary');
      if (facts.outcome === 'complete') expect(facts.usage.basis).not.toBe('none');
    } else {
      expect(facts.outcome).toBe(outcome);
      expect(facts.failure?.kind).toBe(lastSick?.failure?.kind as FailureKind);
      expect(told.text).toBe(row.committed ? 'Hel' : '');
      expect(JSON.stringify(told.error) + String(told.error)).not.toContain('sk-provider-key');
      // After output the reason is on the wire, but a client that is late reads only that the connection broke.
      if (row.committed) expect(told.error).toBeInstanceOf(Error);
      else {
        const status = typeof row.status === 'function' ? row.status(caller, provider) : row.status;
        expect(told.status).toBe(status);
        expect(told.error).toBeInstanceOf(classOf(caller, status as number) as typeof Error);
      }
    }
    if (GOOD.includes(facts.outcome)) expect(told.error).toBeUndefined();

    // The same house serves on: its other route at once, and this one as soon as its target is well.
    const aside = await asked(house.url, caller, { stream, route: 'bystander' });
    expect(aside).toMatchObject({ text: 'Hello', error: undefined });
    if (row.address) return;
    heal();
    const asks = [first.calls.length, second.calls.length] as const;
    const again = await asked(house.url, caller, { stream, route: 'chat' });
    if (row.shut) {
      expect(first.calls).toHaveLength(asks[0]);
      expect(again.error === undefined).toBe(tiers === 2);
      expect(second.calls).toHaveLength(asks[1] + (tiers - 1));
    } else expect(again).toMatchObject({ text: 'Hello', error: undefined });
    await eventually(() => house.gateway.stats().inFlight === 0);
  });
}

async function record(house: TestGateway, index: number): Promise<ExchangeFacts> {
  await eventually(() => house.finished.length > index);
  return (house.finished[index] as (typeof house.finished)[number]).facts;
}

async function eventually(is: () => boolean, ms = 10_000): Promise<void> {
  for (const end = performance.now() + ms; !is(); await Bun.sleep(5))
    if (performance.now() > end) throw new Error(`waited ${ms} ms in vain: ${is}`);
}

const label = ({ way, caller, provider, tiers }: Case) =>
  `${way}, ${caller.name} client, ${provider.name} provider, ${tiers === 1 ? 'alone' : 'two tiers'}`;

/** What the bytes are: an ending that is none shows no terminator, a good one has its own, a provider's own words are unchanged. */
async function wire(one: Case): Promise<void> {
  const { row, way, caller, provider } = one;
  await staged(one, async ({ house, saw }) => {
    const raw = await fetched(house.url, caller, { stream: way === 'stream', route: 'chat', onText: saw });
    if (row.committed) {
      expect(raw.status).toBe(200);
      expect(raw.broke).toBe(true);
      expect(raw.body).not.toMatch(/\[DONE\]|message_stop/);
      const last = raw.body.trimEnd().split(/\n\n+/).at(-1) ?? '';
      const data = JSON.parse(last.slice(last.indexOf('data: ') + 6)) as { type?: string; error?: object };
      expect(data.error).toBeObject();
      if (caller === ANTHROPIC) expect(data.type).toBe('error');
    } else if (row.kind === undefined && way === 'stream') {
      expect(raw.broke).toBe(false);
      // Who speaks to Midwatch by header is told the rest in a comment.
      const events = raw.body.replace(/^: midwatch .*\n\n$/m, '').trimEnd();
      expect(
        events.endsWith(caller.terminator.trimEnd().replaceAll('\n', events.includes('\r') ? '\r\n' : '\n')),
      ).toBe(true);
      expect(raw.body.split(caller === OPENAI ? '[DONE]' : 'event: message_stop')).toHaveLength(2);
    } else if (caller === provider && raw.status >= 400) {
      const facts = await record(house, 0);
      // What the provider answered itself is passed on, unless it speaks of our key; what it only implied is put into words.
      const its = facts.attempts[0]?.status === raw.status && raw.status !== 401;
      expect(raw.body.includes(facts.id)).toBe(!its);
    }
    expect(raw.headers.get('x-midwatch-exchange')).toBeTruthy();
  });
}

/** So many cases at once: most of them wait most of the time. */
const AT_ONCE = 6;
/** Only the raw bytes of these are looked at beside what the client makes of them. */
const wired = cases.filter(({ row, tiers }) => tiers === 1 && row.address === undefined);
const results = new Map<() => Promise<void>, Promise<Error | undefined>>();
const jobs = new Map<string, () => Promise<void>>([
  ...cases.map((one) => [`${one.row.name} > ${label(one)}`, () => run(one)] as const),
  ...wired.map((one) => [`${one.row.name} > wire, ${label(one)}`, () => wire(one)] as const),
]);

beforeAll(() => {
  const waiting = [...jobs.values()];
  const settle = new Map<() => Promise<void>, (error: Error | undefined) => void>();
  for (const job of waiting)
    results.set(
      job,
      new Promise((resolve) => {
        settle.set(job, resolve);
      }),
    );
  const worker = async () => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      const error = await job().then(
        () => undefined,
        (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown))),
      );
      settle.get(job)?.(error);
    }
  };
  for (let i = 0; i < AT_ONCE; i++) void worker();
});
afterAll(async () => {
  await Promise.all(results.values());
});

for (const [name, job] of jobs)
  test(name, async () => {
    const error = await results.get(job);
    if (error) throw error;
  }, 120_000);
