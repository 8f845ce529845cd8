import { expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { type Drill, defineDrill } from './define.ts';
import { reliability } from './F37-ledger.ts';
import { drills, runDrill } from './index.ts';
import { never, pool } from './measure.ts';

test('every drill of the folder is in the list', () => {
  const files = readdirSync(import.meta.dir)
    .filter((name) => /^F\d\d\.ts$/.test(name))
    .sort();
  expect(drills.map((d) => `${d.id}.ts`)).toEqual(files);
});

const scene = (broken: number) => ({
  expectations: [{ name: 'holds', says: 'it holds', goal: { kind: 'never' }, unit: 'count' } as const],
  run: async () => ({ holds: never(broken, 10) }),
});
const made = (on: number, twin: number): Drill =>
  defineDrill({
    id: 'F99',
    title: 'A drill for the runner',
    world: 'none',
    seeds: { full: 3, quick: 1 },
    on: scene(on),
    twin: scene(twin),
    off: scene(0),
  });

test('the runner: every seed of the fault and of its twin, and one bad line makes it bad', async () => {
  const good = await runDrill(made(0, 0));
  expect(good).toMatchObject({ verdict: 'good', seeds: [1, 2, 3], side: 'on' });
  expect(good.results.map((r) => [r.scene, r.n])).toEqual([
    ['on', 30],
    ['twin', 30],
  ]);
  expect((await runDrill(made(1, 0))).verdict).toBe('bad');
  expect((await runDrill(made(0, 1))).verdict).toBe('bad');
  expect((await runDrill(made(1, 1), { off: true })).verdict).toBe('good');
});

test('a drill that measures less than it promises fails instead of passing', async () => {
  const silent = { ...scene(0), run: async () => ({}) };
  await expect(runDrill({ ...made(0, 0), on: silent })).rejects.toThrow('measured nothing for "holds"');
});

for (const drill of drills)
  test(`${drill.id}, one seed of its quick form: every line has measured something`, async () => {
    for (const off of [false, true]) {
      const { results } = await runDrill(drill, { quick: true, seeds: 1, off });
      expect(results.length).toBeGreaterThan(0);
      for (const { expectation, n } of results)
        expect([expectation.name, n]).not.toEqual([expectation.name, 0]);
    }
  }, 120_000);

test('the same seed gives the same numbers, in virtual time', async () => {
  const F26 = drills.find((d) => d.id === 'F26') as Drill;
  const numbers = async () => {
    const { results, simulatedMs } = await runDrill(F26, { quick: true, seeds: 1, seed: 5 });
    return [simulatedMs, ...results.map((r) => [r.expectation.name, r.value, r.n])];
  };
  expect(await numbers()).toEqual(await numbers());
});

test('measures of one thing are pooled, of two things are not', () => {
  expect(pool(never(1, 10, ['a']), never(0, 5))).toEqual(never(1, 15, ['a']));
  expect(pool({ kind: 'values', values: [1] }, { kind: 'values', values: [2] })).toEqual({
    kind: 'values',
    values: [1, 2],
  });
  expect(() => pool(never(0, 1), { kind: 'values', values: [] })).toThrow('cannot be pooled');
});

test('the ledger of the catalogue, by hand', () => {
  const ok = { good: true, microUsd: 30 };
  const failed = { good: false, microUsd: 10 };
  const r = reliability([[ok], [failed, ok], [failed, failed], [ok]]);
  expect(r).toEqual({
    firstAttempt: 0.5,
    attemptsPerExchange: 1.5,
    hiddenFailure: 0.5,
    recovered: 0.5,
    wastedShare: 20 / 120,
  });
});
