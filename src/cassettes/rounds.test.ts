import { expect, test } from 'bun:test';
import type { CassetteStore, KnownRounds, Transport } from '#contracts';
import { virtualClock } from '#kernel';
import { createCassettes } from './cassettes.ts';
import { keepProofs, readKept } from './kept.ts';
import { openRack } from './rack.ts';
import { type RoundSettings, startRounds } from './rounds.ts';
import { chat, hear, memoryFiles, say, scripted, whole } from './testing.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

/** As `src/store/cassettes.ts` does it, in a record; the same promises are tested there over Postgres. */
function memoryStore(): CassetteStore & {
  readonly rows: Map<string, KnownRounds & { by: string; tries: number }>;
} {
  const rows = new Map<string, KnownRounds & { by: string; tries: number }>();
  return {
    rows,
    async claim(folder, by, at, { every, hold }) {
      const row = rows.get(folder);
      if (row && (row.heldUntil > at || (row.learntAt !== undefined && row.learntAt + every > at)))
        return false;
      const tries = row?.tries ?? 0;
      rows.set(folder, {
        ...(row ?? { proofs: [] }),
        by,
        tries: tries + 1,
        heldUntil: at + Math.min(every, hold * 2 ** tries),
      });
      return true;
    },
    async hold(folder, by, until) {
      const row = rows.get(folder);
      if (!row || row.by !== by) return false;
      rows.set(folder, { ...row, heldUntil: Math.max(row.heldUntil, until) });
      return true;
    },
    async finish(folder, by, { round, proofs, again }) {
      const row = rows.get(folder);
      if (!row || row.by !== by || row.tries === 0) return false;
      const learnt = again === undefined && { learntAt: round.at };
      rows.set(folder, { ...row, round, proofs, tries: 0, heldUntil: again ?? round.at, ...learnt });
      return true;
    },
    read: async (folder) => rows.get(folder),
  };
}

/** A folder of `n` cassettes that cost a cent each, replicas that share a store, and a provider that may answer otherwise later. */
async function house(n: number, more: Partial<RoundSettings> = {}) {
  const clock = virtualClock({ seed: 1 });
  const files = memoryFiles();
  let live = whole('x');
  const { transport, seen } = scripted(clock, () => live);
  const bill = () => ({ tokens: 1, microUsd: 10_000 });
  const recorder = createCassettes({ inner: transport, mode: 'record', files, clock, mask: (t) => t, bill });
  await clock.run(
    Promise.all(Array.from({ length: n }, (_, i) => hear(recorder.transport, chat(say(`${i}`)), clock))),
  );
  recorder.flush();
  const store = memoryStore();
  const settings = { folder: 'f', every: WEEK, sample: 0.05, maxUsd: 1, ...more };
  const asked: { by: string; at: number }[] = [];
  const recorded = seen.calls;
  const replica = (by: string, transportOf: Transport = transport, on = () => true) =>
    startRounds({
      clock,
      log: () => undefined,
      store,
      by,
      settings: () => (on() ? settings : undefined),
      async verify({ sample, maxUsd }) {
        asked.push({ by, at: clock.now() });
        const rack = openRack({ files, clock, mask: (t) => t });
        const report = await rack.check({
          live: transportOf,
          sample,
          request: ({ body, host, path }) => chat(body, `https://${host}${path}`),
          budget: { microUsd: maxUsd * 1e6, expect: () => 10_000, bill },
        });
        return { report, keys: rack.list().map(({ key }) => key) };
      },
      keep: (_, round, proofs, keys) => keepProofs(files, round, proofs, keys),
    });
  return {
    clock,
    files,
    store,
    replica,
    asked,
    calls: () => seen.calls - recorded,
    answer: (script: typeof live) => {
      live = script;
    },
  };
}

test('a twentieth of the cassettes is asked again each week, and what moved is told by how much', async () => {
  const it = await house(40);
  const stop = it.replica('a');
  await it.clock.advance(DAY);
  expect([it.asked.length, it.calls()]).toEqual([1, 2]);
  expect(readKept(it.files)).toMatchObject({ sampled: 2, of: 40, drifted: 0, microUsd: 20_000 });
  const cut = String(whole('x').chunks[0]?.[1]).replace('"stop"', '"length"');
  it.answer({ ...whole('x'), chunks: [[1, cut]] });
  await it.clock.advance(6 * DAY - HOUR);
  expect(it.asked).toHaveLength(1);
  await it.clock.advance(2 * HOUR);
  expect([it.asked.length, it.calls()]).toEqual([2, 4]);
  const { proofs = [], round } = it.store.rows.get('f') ?? {};
  expect(round).toMatchObject({ drifted: 2, known: 2 });
  expect(proofs).toMatchObject(
    Array(2).fill({ verdict: 'drifted', distance: 1, says: 'reason for the end was stop, is length' }),
  );
  // What the first round learnt of others stays beside it.
  const kept = readKept(it.files)?.proofs ?? [];
  expect(kept.length).toBeWithin(2, 5);
  expect(kept.filter(({ verdict }) => verdict === 'drifted')).toHaveLength(2);
  stop();
  await it.clock.advance(3 * WEEK);
  expect(it.asked).toHaveLength(2);
});

test('of many replicas one asks; a week that was missed is made up for once, and a restart repeats none', async () => {
  const it = await house(40);
  const stops = ['a', 'b', 'c'].map((by) => it.replica(by));
  await it.clock.advance(10 * DAY);
  expect(it.asked).toHaveLength(2);
  for (const stop of stops) stop();
  // Nobody there for three weeks, whose rounds are missed.
  await it.clock.advance(3 * WEEK);
  const [again, other] = ['d', 'e'].map((by) => it.replica(by));
  await it.clock.advance(HOUR);
  expect(it.asked).toHaveLength(3);
  again?.();
  other?.();
  const restarted = it.replica('d');
  await it.clock.advance(6 * DAY);
  expect(it.asked).toHaveLength(3);
  await it.clock.advance(DAY);
  expect(it.asked).toHaveLength(4);
  restarted();
});

test('one that dies over it is succeeded by another, ever more rarely', async () => {
  const it = await house(40);
  const never: Transport = () => ({ cancel() {}, pause() {}, resume() {} });
  for (const by of ['a', 'b', 'c']) {
    const stop = it.replica(by, never);
    await it.clock.advance(6_000);
    stop();
    expect(it.asked.at(-1)?.by).toBe(by);
    const { heldUntil = 0 } = it.store.rows.get('f') ?? {};
    await it.clock.advance(heldUntil - it.clock.now() + 200_000);
  }
  const times = it.asked.map(({ at }) => at);
  expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThan(1.5 * ((times[1] ?? 0) - (times[0] ?? 0)));
});

test('a provider that is away teaches nothing: asked again the next day, and no proof is claimed', async () => {
  const it = await house(40);
  it.answer({ status: 503, chunks: [[1, 'busy']] });
  const stop = it.replica('a');
  await it.clock.advance(HOUR);
  expect(it.asked).toHaveLength(1);
  expect(readKept(it.files)).toBeUndefined();
  it.answer(whole('y'));
  await it.clock.advance(DAY);
  expect(it.asked).toHaveLength(2);
  expect(readKept(it.files)).toMatchObject({ known: 2, drifted: 0 });
  stop();
});

test('a round stays within its cap, and says what it left out; switched off, nothing is ever asked', async () => {
  const it = await house(400, { maxUsd: 0.055 });
  const stop = it.replica('a');
  await it.clock.advance(DAY);
  expect(it.calls()).toBe(5);
  expect(it.store.rows.get('f')?.round).toMatchObject({ sampled: 5, skipped: 15, microUsd: 50_000 });
  stop();
  const off = await house(40);
  let on = false;
  const quiet = off.replica('a', undefined, () => on);
  await off.clock.advance(3 * WEEK);
  expect(off.calls()).toBe(0);
  // A reload that switches it on.
  on = true;
  await off.clock.advance(120_000);
  expect(off.calls()).toBe(2);
  quiet();
});
