import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { SQL } from 'bun';
import type { CassetteProof, CassetteRound, CassetteStore, Store } from '#contracts';
import { freshDatabase } from './embedded/testing.ts';
import { openStore } from './index.ts';
import { testClock } from './testing.ts';

let database: Awaited<ReturnType<typeof freshDatabase>>;
let store: Store;
let cassettes: CassetteStore;
let sql: SQL;

beforeAll(async () => {
  database = await freshDatabase();
  store = openStore({ url: database.url, clock: testClock, log: () => undefined });
  await store.upkeep.migrate();
  ({ cassettes } = store);
  sql = new SQL(database.url, { max: 1 });
}, 60_000);
beforeEach(async () => {
  await sql`truncate cassette_rounds, cassette_proofs`;
});
afterAll(async () => {
  await sql.close();
  await store.close();
  await database.drop();
});

const span = { every: 1_000, hold: 10 };
const round = (at: number): CassetteRound => ({
  at,
  sampled: 2,
  of: 40,
  drifted: 1,
  known: 2,
  skipped: 0,
  microUsd: 7,
  says: 'half',
});
const proof = (key: string, more: Partial<CassetteProof> = {}): CassetteProof => ({
  key,
  path: '/v1/chat/completions',
  at: 5,
  verdict: 'fresh',
  distance: 0,
  ...more,
});

test('of all who come at once one has the round; the next comes when it is due, or when its holder is silent', async () => {
  const claim = (by: string, at: number) => cassettes.claim('f', by, at, span);
  const first = await Promise.all(Array.from({ length: 10 }, (_, i) => claim(`w${i}`, 100)));
  expect(first.filter(Boolean)).toHaveLength(1);
  const by = `w${first.indexOf(true)}`;
  expect(await claim('other', 109)).toBe(false);
  expect(await cassettes.hold('f', by, 150)).toBe(true);
  expect(await cassettes.hold('f', 'other', 999)).toBe(false);
  expect(await claim('other', 149)).toBe(false);
  // Silent: succeeded, held twice as long, and what it still says is void.
  expect(await claim('other', 150)).toBe(true);
  expect(await cassettes.hold('f', by, 999)).toBe(false);
  expect(await cassettes.finish('f', by, { round: round(100), proofs: [], keys: [] })).toBe(false);
  expect(await claim(by, 169)).toBe(false);
  expect(await cassettes.finish('f', 'other', { round: round(150), proofs: [], keys: [] })).toBe(true);
  expect(await claim(by, 1_149)).toBe(false);
  expect(await claim(by, 1_150)).toBe(true);
  // Another folder is another matter.
  expect(await cassettes.claim('g', 'x', 1_150, span)).toBe(true);
});

test('a round that learnt nothing is tried again at its time, and the week counts from the last that did', async () => {
  await cassettes.claim('f', 'a', 100, span);
  await cassettes.finish('f', 'a', { round: round(100), proofs: [], keys: [], again: 300 });
  expect(await cassettes.read('f', 9)).toEqual({ heldUntil: 300, round: round(100), proofs: [] });
  expect(await cassettes.claim('f', 'a', 299, span)).toBe(false);
  expect(await cassettes.claim('f', 'a', 300, span)).toBe(true);
});

test('proofs are the newest of each cassette that is still there, furthest moved first', async () => {
  expect(await cassettes.read('f', 9)).toBeUndefined();
  const far = proof('b', { verdict: 'drifted', distance: 0.5, says: 'a\0b', model: 'm' });
  await cassettes.claim('f', 'a', 100, span);
  await cassettes.finish('f', 'a', {
    round: round(100),
    proofs: [proof('a'), far, proof('c')],
    keys: ['a', 'b', 'c'],
  });
  const unknown: CassetteProof = {
    key: 'c',
    path: '/x',
    at: 9,
    verdict: 'unknown',
    says: 'no answer in time',
  };
  await cassettes.claim('f', 'a', 2_000, span);
  await cassettes.finish('f', 'a', { round: round(2_000), proofs: [unknown], keys: ['b', 'c'] });
  expect((await cassettes.read('f', 9))?.proofs).toEqual([{ ...far, says: 'a\ufffdb' }, unknown]);
  expect((await cassettes.read('f', 1))?.proofs).toHaveLength(1);
});
