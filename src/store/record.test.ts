import { afterAll, beforeAll, expect, test } from 'bun:test';
import { SQL } from 'bun';
import fc from 'fast-check';
import { type DigestedExchange, NO_USAGE, type Store } from '#contracts';
import { anyAxes, anyExchange, complete } from './arbitrary.ts';
import { NO_TRAFFIC } from './codes.ts';
import { freshDatabase } from './embedded/testing.ts';
import { openStore } from './index.ts';
import { idMaker, START, sample, testClock } from './testing.ts';

let made: Awaited<ReturnType<typeof freshDatabase>>;
let store: Store;
let sql: SQL;
const logged: string[] = [];
const open = () => openStore({ url: made.url, clock: testClock, log: (_, event) => void logged.push(event) });

beforeAll(async () => {
  made = await freshDatabase();
  sql = new SQL(made.url, { max: 1 });
  store = open();
  await store.upkeep.migrate();
}, 60_000);
afterAll(async () => {
  await sql.close();
  await store.close();
  await made.drop();
});

const make = idMaker(77);

test('whatever is written comes back the same', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(anyExchange, anyAxes), { minLength: 1, maxLength: 20 }),
      async (parts) => {
        const batch = parts.map(([part, axes]) => {
          const { exchange } = complete(part, axes, make(part.at));
          return {
            exchange,
            digest: { axes, release: exchange.release, bodies: new Map(), links: new Map() },
          };
        });
        expect((await store.write(batch)).inserted).toBe(batch.length);
        for (const { exchange, digest } of batch) {
          const read = await store.exchanges.get(exchange.id);
          // Key by key in the contracts' sense: a member that is undefined is absent.
          expect(read?.exchange).toEqual(exchange);
          expect(read?.axes).toEqual(digest.axes);
        }
      },
    ),
    { numRuns: 25, seed: 5 },
  );
}, 60_000);

/** Everything the database holds, as one comparable text. */
async function contents(): Promise<string> {
  const tables = [
    'exchanges',
    'attempts',
    'bodies',
    'links',
    'releases',
    'changes',
    'rollups_minute',
    'rollups_hour',
    'rollups_day',
  ];
  const rows = await Promise.all(
    tables.map((table) =>
      sql.unsafe(
        `select md5(coalesce(string_agg(t::text, E'\\n' order by t::text), '')) as sum, count(*) as n from ${table} t`,
      ),
    ),
  );
  return JSON.stringify(rows.map(([row]) => row));
}

const chat = (i: number): DigestedExchange =>
  sample({
    id: make(START + i),
    at: START + i * 10,
    axes: { model: 'm', prompt: `p${i % 5}` },
    messages: ['{"role":"system"}', `{"role":"user","content":"${i}"}`],
    answer: `{"role":"assistant","content":"${i}"}`,
  });

test('a batch that comes again, whole or in part, from this process or another, changes nothing', async () => {
  const batch = Array.from({ length: 60 }, (_, i) => chat(i));
  expect((await store.write([...batch, ...batch])).inserted).toBe(60);
  const before = await contents();
  const other = open();
  for (const writer of [store, other])
    for (const part of [batch, batch.slice(10, 20), batch.toReversed()])
      expect((await writer.write(part)).inserted).toBe(0);
  expect(await contents()).toBe(before);
  await other.close();
});

test('two writers with the same exchanges at once: each is taken once, and both are told the truth', async () => {
  const other = open();
  for (let round = 0; round < 5; round++) {
    const batch = Array.from({ length: 50 }, (_, i) => chat(1_000 + round * 100 + i));
    const rest = Array.from({ length: 10 }, (_, i) => chat(5_000 + round * 100 + i));
    const [a, b] = await Promise.all([store.write(batch), other.write([...rest, ...batch.toReversed()])]);
    expect(a.inserted + b.inserted).toBe(60);
  }
  const [row] =
    await sql`select sum(exchanges)::int as rolled, (select count(*)::int from exchanges where source not in ${sql(NO_TRAFFIC)}) as stored from rollups_day where route = '*'`;
  expect(row.rolled).toBe(row.stored);
  await other.close();
});

test('batches in flight at once from one process, with bodies in common', async () => {
  const batches = Array.from({ length: 4 }, (_, b) =>
    Array.from({ length: 40 }, (_, i) => chat(60_000 + b * 20 + i)),
  );
  const inserted = await Promise.all(batches.map((batch) => store.write(batch)));
  // Each chat() has an id of its own; the bodies of overlapping numbers are the same.
  expect(inserted.map((result) => result.inserted)).toEqual([40, 40, 40, 40]);
  for (const { exchange } of batches.flat()) {
    expect((await store.exchanges.askBodies(exchange.at, exchange.askRecord!))?.messages).toHaveLength(2);
    expect(await store.exchanges.answerBodies(exchange.at, exchange.answerRecord!)).toHaveLength(1);
  }
});

test('processes that meet a new day at once prepare it once, and none is refused', async () => {
  const others = [open(), open(), open()];
  for (let day = 30; day < 34; day++) {
    const at = START + day * 86_400_000;
    const results = await Promise.all(
      [store, ...others].map((writer) => writer.write([sample({ id: make(at), at, messages: ['"same"'] })])),
    );
    expect(results.map((result) => result.inserted)).toEqual([1, 1, 1, 1]);
  }
  await Promise.all(others.map((other) => other.close()));
});

test('a batch that fails at its last step leaves nothing, and nothing is wrongly remembered as stored', async () => {
  const batch = Array.from({ length: 20 }, (_, i) => chat(20_000 + i));
  const before = await contents();
  await sql.unsafe(
    `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'disk full' using errcode = '53100'; end $$`,
  );
  await sql.unsafe(
    'create trigger refuse before insert on rollups_day for each row execute function refuse()',
  );
  await expect(store.write(batch)).rejects.toThrow(/disk full/);
  expect(await contents()).toBe(before);
  await sql.unsafe('drop trigger refuse on rollups_day');
  expect((await store.write(batch)).inserted).toBe(20);
  for (const { exchange } of batch) {
    expect((await store.exchanges.askBodies(exchange.at, exchange.askRecord!))?.messages).toHaveLength(2);
    expect(await store.exchanges.answerBodies(exchange.at, exchange.answerRecord!)).toHaveLength(1);
  }
});

test('poison is mended where it can be, set aside where it cannot, and never stops its neighbours', async () => {
  const good = [chat(30_000), chat(30_001)];
  const odd = sample({
    id: make(START + 30_002),
    at: Number.NaN,
    exchange: {
      route: 'nul\0 and half \ud800',
      observed: { model: 'x'.repeat(100_000) },
      who: { user: 'u\0' },
      place: { trace: 'not hex' },
      status: 1e9,
      timing: { queued: -1, total: 1e300, overhead: Number.NaN },
      usage: { ...NO_USAGE, input: 1e18, output: -5, reasoning: 2.5 },
      cost: { microUsd: 1e30, state: 'exact', parts: { 'a\0': 1 } },
      failure: { kind: 'internal', origin: 'midwatch', retryable: false, hint: '\0'.repeat(5) },
    },
  });
  const broken = { ...chat(30_003), exchange: { ...chat(30_003).exchange, id: 'no uuid' as never } };
  const strange = { ...chat(30_004), exchange: { ...chat(30_004).exchange, outcome: 'joy' as never } };
  logged.length = 0;
  expect((await store.write([good[0]!, odd, broken, strange, good[1]!])).inserted).toBe(3);
  expect(logged.filter((event) => event === 'store.rejected')).toHaveLength(2);
  expect(logged).toContain('store.cleaned');
  const read = (await store.exchanges.get(odd.exchange.id))?.exchange;
  expect(read?.route).toBe('nul\ufffd and half \ufffd');
  expect(read?.usage.input).toBe(2 ** 31 - 1);
  expect(read?.usage.reasoning).toBe(3);
  expect(read?.place.trace).toBeUndefined();
  expect(read?.timing.overhead).toBe(0);
  const rejected = await sql`select id, reason, exchange from rejected order by id`;
  expect(rejected.map((row: { id: string }) => row.id).includes('no uuid')).toBe(true);
  expect(JSON.parse(Bun.zstdDecompressSync(rejected[0].exchange).toString()).route).toBe('chat');
});

test('a database without the schema is no reason to set exchanges aside', async () => {
  const empty = await freshDatabase();
  const bare = openStore({ url: empty.url, clock: testClock, log: () => undefined });
  await expect(bare.write([chat(50_000)])).rejects.toThrow(/does not exist/);
  await bare.upkeep.migrate();
  expect((await bare.write([chat(50_001)])).inserted).toBe(1);
  await bare.close();
  await empty.drop();
});

test('what no cleaning foresaw is found by halving', async () => {
  await sql.unsafe(
    `alter table exchanges add constraint cursed check (run is distinct from 'cursed') not valid`,
  );
  const batch = Array.from({ length: 33 }, (_, i) =>
    sample({
      id: make(START + 40_000 + i),
      at: START + 40_000 + i,
      exchange: { place: i === 17 ? { run: 'cursed' } : {} },
    }),
  );
  expect((await store.write(batch)).inserted).toBe(32);
  expect(await store.exchanges.get(batch[17]!.exchange.id)).toBeUndefined();
  expect(await store.exchanges.get(batch[18]!.exchange.id)).toBeDefined();
  await sql.unsafe('alter table exchanges drop constraint cursed');
});
