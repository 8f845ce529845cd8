import { expect, test } from 'bun:test';
import { jaccard, seededRandom } from '../stats/index.ts';
import { assign } from './assign.ts';
import { costPerSolved, routerCost } from './cost.ts';
import { escalation } from './escalation.ts';
import { regretTable, type ShadowPair, tuneThreshold } from './regret.ts';
import { goesOn, similarity, wordingOf } from './tasks.ts';
import { scored, trust } from './trust.ts';

const said = (at: number, text: string) => ({ at, to: at, wording: wordingOf(text) });

test('a rephrasing within ten minutes goes on with the task that it repeats', () => {
  const words = 'please write a letter to my landlord about the broken heating in my flat';
  const first = said(0, words);
  expect(goesOn(first, said(300_000, `${words} again`))).toBe(true);
  expect(goesOn(first, said(600_000, words))).toBe(true);
  expect(goesOn(first, said(600_001, words))).toBe(false);
  expect(goesOn(first, said(1_000, 'what is the weather like in Bremen tomorrow morning'))).toBe(false);
  expect(goesOn(said(0, 'stop'), said(1_000, 'Stop!'))).toBe(true);
  expect(goesOn(said(0, 'stop'), said(1_000, 'go'))).toBe(false);
  expect(goesOn(said(0, ''), said(1_000, ''))).toBe(false);
});

test('similarity on hashes is that of the texts, exact while they are short and near it when they are long', () => {
  const random = seededRandom('words');
  for (const [length, slack] of [
    [12, 1e-12],
    [60, 1e-12],
    [2_000, 0.15],
  ] as const)
    for (let i = 0; i < 20; i++) {
      const one = Array.from({ length }, () => `w${Math.floor(random() * 5_000)}`);
      const other = one.map((word) => (random() < 0.15 ? `${word}x` : word));
      const [a, b] = [one.join(' '), other.join(' ')];
      expect(Math.abs(similarity(wordingOf(a), wordingOf(b)) - jaccard(a, b))).toBeLessThanOrEqual(slack);
    }
});

test('plain and accented letters are read alike: the short way changes no similarity', () => {
  const one = 'Mend the Heating, please: room 12!';
  // A character beyond ASCII takes the long way over the same words.
  expect(wordingOf(`${one} \u2026`)).toEqual(wordingOf(one));
  expect(similarity(wordingOf('Grüße aus der Küche heute'), wordingOf('grüße aus der küche'))).toBeCloseTo(
    2 / 3,
  );
});

test('the arm comes from the session, the model from the score, and shares are what is declared', () => {
  const random = seededRandom('assign');
  const plan = { holdback: 0.1, shadow: 0.05, threshold: 0.7 };
  const list = Array.from({ length: 50_000 }, () => ({ standing: random(), p: random() })).map((x) => ({
    ...x,
    ...assign(plan, x.standing, x.p),
  }));
  const share = (of: (x: (typeof list)[number]) => boolean) => list.filter(of).length / list.length;
  expect(share((x) => x.arm === 'frontier')).toBeCloseTo(0.1, 2);
  expect(share((x) => x.shadow)).toBeCloseTo(0.9 * 0.05, 2);
  expect(list.every((x) => x.arm === 'router' || (x.model === 'dear' && !x.shadow))).toBe(true);
  expect(list.every((x) => x.arm === 'frontier' || x.model === (x.p >= 0.7 ? 'cheap' : 'dear'))).toBe(true);
  // Whether a task is shadowed says nothing about how hard it is.
  const shadowed = list.filter((x) => x.shadow);
  expect(shadowed.reduce((s, x) => s + x.p, 0) / shadowed.length).toBeCloseTo(0.5, 1);
});

test('cost per solved task is all money over solved tasks, and its interval covers', () => {
  const rule = routerCost({ planned: 1_000 });
  const run = (tasks: readonly (readonly [number, boolean])[]) =>
    tasks.reduce(
      (s, [microUsd, resolved]) => rule.step(s, { arm: 'router', microUsd, resolved }),
      rule.start,
    );
  expect(
    costPerSolved(
      run([
        [100, true],
        [300, false],
        [200, true],
      ]).router,
    )?.cps,
  ).toBe(300);
  expect(costPerSolved(run([[100, false]]).router)).toBeUndefined();
  let covered = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom('cover', seed);
    const arm = run(
      Array.from({ length: 400 }, () => [100 + 200 * random(), random() < 0.8] as const),
    ).router;
    const { cps, variance } = costPerSolved(arm)!;
    if (Math.abs(cps - 250) < 1.96 * Math.sqrt(variance)) covered++;
  }
  expect(covered / 200).toBeGreaterThan(0.91);
  expect(covered / 200).toBeLessThan(0.985);
});

const pair = (p: number, chosen: 'cheap' | 'dear', enough: boolean): ShadowPair => ({
  p,
  chosen,
  cheap: { microUsd: 100, loss: enough ? 0 : 1 },
  dear: { microUsd: 1_000, loss: 0 },
});

test('right and false are judged on both answers, and regret is what the wrong ones cost', () => {
  const table = regretTable(
    [pair(0.9, 'cheap', true), pair(0.9, 'cheap', false), pair(0.1, 'dear', false), pair(0.1, 'dear', true)],
    5_000,
  )!;
  for (const row of [table.rightCheap, table.falseCheap, table.rightDear, table.falseDear])
    expect(row).toMatchObject({ estimate: 0.25, n: 4 });
  expect(table.regret.estimate).toBe((5_100 - 1_000 + 900) / 4);
  expect(table.regret.lower).toBeLessThan(table.regret.estimate);
  expect(regretTable([], 1)).toBeUndefined();
});

test('tuning finds the threshold where the expected price of a bad answer meets the saving', () => {
  const random = seededRandom('tune');
  const pairs = Array.from({ length: 8_000 }, () => {
    const p = random();
    return { ...pair(p, p > 0.2 ? 'cheap' : 'dear', random() < p), p };
  });
  // 100 + 3,000·(1 − p) < 1,000 where p > 0.7.
  const tuned = tuneThreshold(pairs, 3_000);
  expect(tuned.threshold).toBeGreaterThan(0.6);
  expect(tuned.threshold).toBeLessThan(0.8);
  expect(tuned.value).toBeLessThan(tuned.present);
  expect(tuned.gain.estimate).toBeCloseTo(tuned.present - tuned.value, 6);
  expect(tuned.gain.lower).toBeGreaterThan(0);
  expect(tuned.escalation.estimate).toBeCloseTo(0.7, 1);
  expect(tuneThreshold(pairs, 1e9).threshold).toBeGreaterThan(0.99);
  expect(tuneThreshold(pairs, 0).escalation.estimate).toBeLessThan(0.01);
  expect(() => tuneThreshold(pairs.slice(0, 5), 1)).toThrow('at least 20');
});

test('an escalation rate inside its band is no finding, one that vanished is', () => {
  const rule = escalation({ declared: 0.3 });
  const run = (rate: number, n: number, seed: string) => {
    const random = seededRandom(seed);
    let state = rule.start;
    for (let i = 0; i < n; i++) state = rule.step(state, random() < rate);
    return rule.read(state);
  };
  expect(run(0.32, 5_000, 'in').finding).toBeUndefined();
  expect(run(0, 200, 'gone').finding).toBe('below');
  expect(rule.read(rule.start)).toMatchObject({ n: 0, lower: 0, upper: 1 });
});

test('the gain of a tuned threshold covers the truth in 19 of 20 samples, and where nothing is to be gained none is claimed', () => {
  const truth = { better: 0, covered: 0, claimed: 0 };
  // At .5 in force and 3,000 for a bad answer, .7 is best: E[3,100 − 3,000p − 1,000; .5 < p < .7] saved.
  const gained = 0.2 * (2_100 - 3_000 * 0.6);
  for (let seed = 0; seed < 200; seed++) {
    const random = seededRandom('gain', seed);
    const drawn = (threshold: number) =>
      Array.from({ length: 1_000 }, () => {
        const p = random();
        return { ...pair(p, p >= threshold ? 'cheap' : 'dear', random() < p), p };
      });
    const { gain, threshold } = tuneThreshold(drawn(0.5), 3_000);
    // What this threshold really gains, whichever was found.
    const real = gained - 3_000 * ((threshold - 0.7) ** 2 / 2);
    if (gain.lower <= real && real <= gain.upper) truth.covered++;
    if (gain.lower > 0) truth.better++;
    if (tuneThreshold(drawn(0.7), 3_000).gain.lower > 0) truth.claimed++;
  }
  expect(truth.covered).toBeGreaterThan(180);
  expect(truth.claimed).toBeLessThan(12);
});

test('a classifier that means what it says has an error of chance, one that boasts more, and each tier its own', () => {
  const random = seededRandom('trust');
  const pairs = (boast: number) =>
    Array.from({ length: 2_000 }, () => {
      const p = random();
      return pair(p, p > 0.5 ? 'cheap' : 'dear', random() < p ** boast);
    });
  const honest = trust(scored(pairs(1)));
  expect(honest.n).toBe(2_000);
  expect(honest.ece).toBeLessThan(2 * honest.eceByChance);
  expect(honest.cheap!.enough.lower).toBeLessThan(honest.cheap!.stated);
  expect(honest.cheap!.enough.upper).toBeGreaterThan(honest.cheap!.stated);
  const boastful = trust(scored(pairs(3)));
  expect(boastful.ece).toBeGreaterThan(5 * boastful.eceByChance);
  expect(boastful.cheap!.enough.upper).toBeLessThan(boastful.cheap!.stated);
  const { p: _, ...ruled } = pair(1, 'cheap', true);
  expect(scored([ruled])).toEqual([]);
});
