import { afterAll, beforeAll, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type DigestedExchange, type ExchangeRow, isGood, OUTCOMES, type Store } from '#contracts';
import { attempts as attemptTable } from './attempts.ts';
import { connect, type Database } from './connection.ts';
import { freshDatabase } from './embedded/testing.ts';
import { exchanges as exchangeTable, type Facts } from './exchanges.ts';
import { openStore } from './index.ts';
import { addStored, type Buckets, LEVELS, newTally, type Tally, tally, widen } from './rollups.ts';
import { idMaker, START, sample, testClock } from './testing.ts';
import { cover } from './window.ts';

let made: Awaited<ReturnType<typeof freshDatabase>>;
let store: Store;
let database: Database;
const options = { clock: testClock, log: () => undefined };

beforeAll(async () => {
  made = await freshDatabase();
  store = openStore({ url: made.url, ...options });
  database = connect({ url: made.url, connections: 2, ...options });
  await store.upkeep.migrate();
}, 60_000);
afterAll(async () => {
  await database.close();
  await store.close();
  await made.drop();
});

const make = idMaker(5);
const outcome = fc.constantFrom(...OUTCOMES);
const cost = fc.record({
  microUsd: fc.integer({ min: 0, max: 5_000 }),
  state: fc.constantFrom('exact' as const, 'unpriced' as const),
});
const one = fc
  .record({
    offset: fc.oneof(fc.integer({ min: 0, max: 300_000 }), fc.integer({ min: 0, max: 3 * 86_400_000 })),
    route: fc.constantFrom('chat', 'support'),
    source: fc.constantFrom('gateway', 'gateway', 'exercise', 'shadow', 'probe', 'drill'),
    outcome,
    cost,
    attempts: fc.array(
      fc.record({
        provider: fc.constantFrom('a', 'b'),
        model: fc.constantFrom('x', 'y'),
        outcome,
        cost,
        input: fc.integer({ min: 0, max: 100 }),
      }),
      { maxLength: 3 },
    ),
    total: fc.double({ min: 0, max: 1e6, noNaN: true }),
    firstToken: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined }),
  })
  .map(({ offset, route, source, outcome, cost, attempts, total, firstToken }): DigestedExchange => {
    const at = START + offset;
    const built = sample({
      id: make(at),
      at,
      attempts: attempts.map(({ input, ...attempt }) => ({
        ...attempt,
        usage: { ...sample({ id: make(at), at }).exchange.usage, input },
      })),
      exchange: {
        route,
        source,
        outcome,
        cost,
        timing: { queued: 0, total, overhead: total / 1000, ...(firstToken !== undefined && { firstToken }) },
      },
    });
    return built;
  });

/** Reads the facts back and counts them again: what Watch must agree with. What nobody was served is not in it. */
async function recount(): Promise<Buckets> {
  const [exchanges, attempts] = await Promise.all([
    database.query(`select ${exchangeTable.columns.join(', ')} from exchanges where source in (0, 6)`),
    database.query(`select ${attemptTable.columns.join(', ')} from attempts order by exchange, number`),
  ]);
  const present = (row: object) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        value === null ? undefined : name === 'micro_usd' ? Number(value) : value,
      ]),
    );
  const byExchange = Map.groupBy(attempts.map(present), (row) => row.exchange);
  return tally(
    exchanges
      .map(present)
      .map((exchange) => ({ exchange, attempts: byExchange.get(exchange.id) ?? [] }) as unknown as Facts),
  );
}

const plain = ({ counts, sketches }: Tally) => ({
  ...counts,
  total: Buffer.from(sketches.total_ms.encode()).toString('hex'),
  firstToken: Buffer.from(sketches.first_token_ms.encode()).toString('hex'),
  overhead: Buffer.from(sketches.overhead_ms.encode()).toString('hex'),
});
const table = (rows: Iterable<{ at: unknown; route: unknown; target: unknown; tally: Tally }>) =>
  Object.fromEntries([...rows].map((b) => [`${b.at} ${b.route} ${b.target}`, plain(b.tally)]));

test('rollups are the recount of the facts, however batches are cut, mixed and repeated', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(one, { minLength: 1, maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 }),
      async (all, cuts) => {
        let from = 0;
        for (let i = 0; from < all.length; i++) {
          const size = cuts[i % cuts.length]!;
          // Each batch repeats a few of the one before.
          await store.write(all.slice(Math.max(0, from - 3), from + size));
          from += size;
        }
        const expected = await recount();
        for (const { table: name, width } of LEVELS) {
          const stored = (await database.query(`select * from ${name}`)).map((row) => {
            const t = newTally();
            addStored(t, row);
            return { at: row.at, route: row.route, target: row.target, tally: t };
          });
          expect(table(stored)).toEqual(table(widen(expected, width).values()));
        }
      },
    ),
    { numRuns: 15, seed: 11 },
  );
}, 60_000);

test('a window says of its exchanges what the exchanges themselves say', async () => {
  const rows: ExchangeRow[] = [];
  for (let cursor: string | undefined, page = await store.exchanges.list({}, { limit: 500 }); ; ) {
    rows.push(...page.rows);
    cursor = page.next;
    if (cursor === undefined) break;
    page = await store.exchanges.list({}, { limit: 500, cursor });
  }
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: -60, max: 3 * 1440 }),
      fc.integer({ min: 1, max: 2 * 1440 }),
      fc.constantFrom(1, 5, 7, 60, 180, 1440),
      fc.constantFrom(undefined, 'chat', 'nowhere'),
      async (start, length, step, route) => {
        const from = Math.floor(START / 60_000) * 60_000 + start * 60_000;
        const to = from + length * 60_000;
        const window = await store.rollups.window({ from, to, step: step * 60_000, ...(route && { route }) });
        const inside = rows.filter((row) => row.at >= from && row.at < to && (!route || row.route === route));
        const sum = (of: (row: ExchangeRow) => number, list = inside) =>
          list.reduce((n, row) => n + of(row), 0);
        expect(window.totals.exchanges).toBe(inside.length);
        expect(window.totals.microUsd).toBe(sum((row) => row.microUsd));
        expect(window.totals.good.count).toBe(inside.filter((row) => isGood(row.outcome as never)).length);
        expect(window.totals.attempts).toBe(sum((row) => row.attempts));
        expect(window.totals.unpriced).toBe(inside.filter((row) => row.costState === 'unpriced').length);
        expect(window.byRoute.reduce((n, r) => n + r.exchanges, 0)).toBe(inside.length);
        expect(window.byTarget.reduce((n, r) => n + r.exchanges, 0)).toBe(inside.length);
        for (const point of window.points) {
          const within = inside.filter((row) => row.at >= point.at && row.at < point.at + step * 60_000);
          expect(point.exchanges).toBe(within.length);
          expect(point.microUsd).toBe(sum((row) => row.microUsd, within));
        }
        const { good } = window.totals;
        expect(good.low).toBeLessThanOrEqual(good.rate);
        expect(good.high).toBeGreaterThanOrEqual(good.rate);
      },
    ),
    { numRuns: 40, seed: 12 },
  );
}, 60_000);

test('a window is covered once, without gap, and a month with few rows', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e5 }), fc.integer({ min: 1, max: 1e5 }), (start, length) => {
      const from = start * 60_000;
      const to = from + length * 60_000;
      const segments = cover(from, to, LEVELS);
      expect(segments[0]?.from).toBe(from);
      expect(segments.at(-1)?.to).toBe(to);
      for (const [i, segment] of segments.entries()) {
        expect(segment.from % segment.level.width).toBe(0);
        expect(segment.to % segment.level.width).toBe(0);
        if (i > 0) expect(segment.from).toBe(segments[i - 1]!.to);
      }
      const rows = segments.reduce((n, s) => n + (s.to - s.from) / s.level.width, 0);
      expect(rows).toBeLessThan(120 + 48 + length / 1440);
    }),
    { seed: 1 },
  );
});

test('what failed targets did is theirs; what nobody got is waste', async () => {
  const at = START + 40 * 86_400_000;
  await store.write([
    sample({
      id: make(at),
      at,
      attempts: [
        { provider: 'bad', outcome: 'error', cost: { microUsd: 30, state: 'exact' } },
        { provider: 'good', cost: { microUsd: 50, state: 'exact' } },
      ],
    }),
    sample({
      id: make(at),
      at,
      attempts: [{ provider: 'good', outcome: 'cut', cost: { microUsd: 7, state: 'exact' } }],
      exchange: { outcome: 'cut' },
    }),
    sample({ id: make(at), at, attempts: [], exchange: { outcome: 'error' } }),
  ]);
  const { totals, byTarget } = await store.rollups.window({ from: at, to: at + 60_000, step: 60_000 });
  expect(totals).toMatchObject({ exchanges: 3, attempts: 3, microUsd: 87, wastedMicroUsd: 37 });
  expect(totals.clean.count).toBe(0);
  const target = (name: string) => byTarget.find((one) => one.target === name);
  expect(target('bad/m-1')).toMatchObject({ exchanges: 0, attempts: 1, wastedMicroUsd: 30 });
  expect(target('good/m-1')).toMatchObject({ exchanges: 2, attempts: 2, wastedMicroUsd: 7 });
  expect(target('none')).toMatchObject({ exchanges: 1, attempts: 0 });
});

test('what was said of an answer before another target finished it is no waste', async () => {
  const at = START + 41 * 86_400_000;
  await store.write([
    sample({
      id: make(at),
      at,
      attempts: [
        { provider: 'a', outcome: 'error', cost: { microUsd: 30, state: 'exact' } },
        { provider: 'b', cause: 'fallback', outcome: 'cut', cost: { microUsd: 20, state: 'estimated' } },
        { provider: 'c', cause: 'takeover', cost: { microUsd: 50, state: 'exact' } },
      ],
    }),
  ]);
  const range = { from: at, to: at + 60_000 };
  const { totals } = await store.rollups.window({ ...range, step: 60_000 });
  expect(totals).toMatchObject({ exchanges: 1, microUsd: 100, wastedMicroUsd: 30 });
  expect(totals.clean.count).toBe(0);
  const { total, rows } = await store.rollups.spend({ ...range, by: 'cause' });
  expect(total).toMatchObject({ microUsd: 100, wastedMicroUsd: 30 });
  expect(rows.find(({ name }) => name === 'takeover')).toMatchObject({ attempts: 1, microUsd: 50 });
});
