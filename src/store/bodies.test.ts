import { afterAll, beforeAll, expect, test } from 'bun:test';
import { SQL } from 'bun';
import fc from 'fast-check';
import type { DigestedExchange, Store } from '#contracts';
import { freshDatabase } from './embedded/testing.ts';
import { openStore } from './index.ts';
import { pack, unpack } from './pack.ts';
import { idMaker, START, sample, testClock } from './testing.ts';

let made: Awaited<ReturnType<typeof freshDatabase>>;
let store: Store;
let sql: SQL;
const open = () => openStore({ url: made.url, clock: testClock, log: () => undefined });

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

const make = idMaker(3);
const DAY = 86_400_000;

/** The exchanges of one conversation: each turn asks with everything said so far. */
function conversation(name: string, turns: number, at: (turn: number) => number): DigestedExchange[] {
  const said = ['{"role":"system","content":"shared by all"}'];
  return Array.from({ length: turns }, (_, turn) => {
    said.push(`{"role":"user","content":"${name} asks ${turn}"}`);
    const answer = `{"role":"assistant","content":"${name} hears ${turn}"}`;
    const one = sample({
      id: make(at(turn)),
      at: at(turn),
      messages: said,
      answer,
      exchange: { place: { thread: name } },
    });
    said.push(answer);
    return one;
  });
}

const text = (bodies: readonly Uint8Array[] | undefined) =>
  bodies?.map((body) => Buffer.from(body).toString());

async function check(from: Store, all: readonly DigestedExchange[]) {
  for (const { exchange, digest } of all) {
    const ask = await from.exchanges.askBodies(exchange.at, exchange.askRecord!);
    const expected: string[] = [];
    for (let chain = exchange.askRecord?.messages; chain; chain = digest.links.get(chain)?.before)
      expected.unshift(Buffer.from(digest.bodies.get(digest.links.get(chain)!.message)!).toString());
    expect(text(ask?.messages)).toEqual(expected);
    expect(text([ask!.envelope])).toEqual(['{}']);
    expect(text(await from.exchanges.answerBodies(exchange.at, exchange.answerRecord!))).toEqual([
      Buffer.from(digest.bodies.get(exchange.answerRecord!.messages[0]!)!).toString(),
    ]);
  }
}

const count = async (table: string) =>
  (await sql.unsafe(`select count(*)::int as n from ${table}`))[0].n as number;

test('the thirtieth turn stores what is new and nothing else', async () => {
  const all = conversation('ann', 30, (turn) => START + turn * 1_000);
  for (const one of all.slice(0, 29)) await store.write([one]);
  const [bodies, links] = [await count('bodies'), await count('links')];
  await store.write([all[29]!]);
  expect((await count('bodies')) - bodies).toBe(2);
  expect((await count('links')) - links).toBe(1);
  // System prompt, envelope, 30 questions, 30 answers.
  expect(await count('bodies')).toBe(62);
  await check(store, all);
});

test('another process, which remembers nothing, stores no body twice', async () => {
  const other = open();
  const all = conversation('bob', 8, (turn) => START + turn * 1_000);
  await store.write(all.slice(0, 4));
  const before = await count('bodies');
  for (const one of all.slice(4)) await other.write([one]);
  expect(await count('bodies')).toBe(before + 8);
  await check(other, all);
  await other.close();
});

test('a fork in the middle of a conversation, in any order of arrival', async () => {
  const long = conversation('cid', 6, (turn) => START + turn * 1_000);
  const fork = sample({
    id: make(START),
    at: START + 9_000,
    messages: [
      '{"role":"system","content":"shared by all"}',
      '{"role":"user","content":"cid asks 0"}',
      '{"role":"user","content":"fork"}',
    ],
    answer: '{"role":"assistant","content":"forked"}',
  });
  await store.write([long[5]!]);
  await store.write([fork, long[2]!]);
  await store.write([...long.slice(0, 2), ...long.slice(3, 5)]);
  await check(store, [...long, fork]);
});

test('a day that is dropped takes only itself along: a conversation over midnight stays whole in the other', async () => {
  const midnight = Math.ceil(START / DAY) * DAY;
  const all = conversation('dee', 10, (turn) => midnight + (turn - 5) * 60_000);
  for (const one of all) await store.write([one]);
  const [yesterday, today] = [all.slice(0, 5), all.slice(5)];
  await sql.unsafe('drop table bodies_20260105, links_20260105');
  await check(store, today);
  for (const { exchange } of yesterday) {
    expect(await store.exchanges.askBodies(exchange.at, exchange.askRecord!)).toBeUndefined();
    expect(await store.exchanges.answerBodies(exchange.at, exchange.answerRecord!)).toBeUndefined();
  }
  // A straggler of the dropped day, from a writer that wrote the same bodies before: nothing may be taken for stored.
  const late = conversation('dee', 5, (turn) => midnight - 1_000 + turn);
  await store.write(late);
  await check(store, late);
});

test('any bytes come back as they were packed, and repetitive ones smaller', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.integer({ min: 1, max: 60 }), (bytes, times) => {
      const body = Buffer.concat(Array.from({ length: times }, () => bytes));
      expect(Buffer.from(unpack(pack(body))).equals(body)).toBe(true);
      expect(pack(body).length).toBeLessThanOrEqual(body.length + 1);
    }),
    { numRuns: 60, seed: 2 },
  );
  const large = Buffer.from('{"role":"user","content":"hello"}'.repeat(10_000));
  expect(pack(large).length).toBeLessThan(large.length / 100);
  expect(Buffer.from(unpack(pack(large))).equals(large)).toBe(true);
  expect(() => unpack(Uint8Array.of(99, 1))).toThrow(/99/);
});
