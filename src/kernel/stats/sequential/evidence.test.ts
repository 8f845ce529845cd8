import { expect, test } from 'bun:test';
import { seededRandom } from '../numeric/random.ts';
import { ARRIVAL_START, type Arriving, arrivalEnd, arrive } from './arrival.ts';
import { rateBaseline } from './baseline.ts';
import { divideAlarmBudget } from './budget.ts';
import { burnRate, burnReachable, cappedBurnPairs } from './burn-rate.ts';
import { blockBootstrap, calibrateCusum } from './calibrate.ts';
import { conformalDetector, conformalPValue } from './conformal.ts';
import { multinomialMix } from './multinomial.ts';
import { quantileSequence, quantileSequenceRanks } from './quantile-sequence.ts';
import { rateSequence } from './rate-sequence.ts';
import { sprt, sprtExpectedRuns } from './sprt.ts';
import { twoSampleRates } from './two-sample.ts';

const HOUR = 3_600_000;

test('SPRT: .90 against .60 takes 11 runs on average when bad is true', () => {
  const rule = { good: 0.9, bad: 0.6 };
  const random = seededRandom('sprt');
  let runs = 0;
  let wrong = 0;
  for (let i = 0; i < 2000; i++) {
    const test = sprt(rule);
    let state = test.start;
    while (state.decision === 'open') state = test.step(state, random() < 0.6 ? 1 : 0);
    runs += state.n;
    if (state.decision === 'good') wrong++;
  }
  expect(Math.abs(runs / 2000 - 11)).toBeLessThan(1.1);
  expect(wrong / 2000).toBeLessThan(0.06);
  // Wald neglects the overshoot, so his figure is a little short.
  expect(Math.abs(sprtExpectedRuns(rule, 0.6) - 9.4)).toBeLessThan(1);
});

test('SPRT ends at its maximum n and stays ended', () => {
  const test = sprt({ good: 0.9, bad: 0.6, maxN: 2 });
  let state = test.step(test.step(test.start, 1), 1);
  expect(state.decision).toBe('insufficient');
  state = test.step(state, 0);
  expect(state.n).toBe(2);
});

test('two-sample e-process: type I below alpha, and a real change found', () => {
  const rule = twoSampleRates({ alpha: 0.05 });
  const random = seededRandom('two');
  const found = (a: number, b: number, blocks: number) => {
    let state = rule.start;
    for (let i = 0; i < blocks; i++) {
      state = rule.step(state, { before: random() < a ? 1 : 0, after: random() < b ? 1 : 0 });
      if (rule.read(state).alarm) return true;
    }
    return false;
  };
  const share = (a: number, b: number, blocks: number, runs: number) =>
    Array.from({ length: runs }, () => found(a, b, blocks)).filter(Boolean).length / runs;
  expect(share(0.1, 0.1, 500, 400)).toBeLessThan(0.08);
  expect(share(0.9, 0.6, 200, 100)).toBeGreaterThan(0.95);
});

test('multinomial evidence is the ratio of the closed form', () => {
  const rule = multinomialMix({ shares: [0.5, 0.5], strength: 2 });
  // Beta(1,1) prior against a fair coin after 3 heads of 3: B(4,1)/B(1,1) / 2^-3 = 8/4.
  const state = [0, 0, 0].reduce((s, x) => rule.step(s, x), rule.start);
  expect(Math.exp(state.logE)).toBeCloseTo(2, 12);
});

test('multinomial mix notices the share that vanished', () => {
  const rule = multinomialMix({ shares: [0.9, 0.1] });
  let state = rule.start;
  while (!rule.read(state).alarm && state.n < 500) state = rule.step(state, 0);
  expect(state.n).toBeLessThan(120);
});

test('conformal p-values are uniform under exchangeability', () => {
  const random = seededRandom('conformal');
  const bins = new Array<number>(10).fill(0);
  for (let i = 0; i < 20_000; i++) {
    const cal = Array.from({ length: 9 }, () => Math.floor(random() * 5)); // ties on purpose
    const u = conformalPValue(cal, Math.floor(random() * 5), random);
    bins[Math.min(9, Math.floor(u * 10))]!++;
  }
  const chi = bins.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
  expect(chi).toBeLessThan(27.9); // χ²_9, p = .001
});

test('a day without Probes is no evidence', () => {
  const rule = conformalDetector({ c: 100 });
  expect(rule.step(rule.start, [])).toBe(rule.start);
});

test('confidence sequences cover at all times at once', () => {
  const rule = rateSequence({ confidence: 0.9 });
  const random = seededRandom('cs');
  let broken = 0;
  let brokenQuantile = 0;
  for (let run = 0; run < 200; run++) {
    let state = rule.start;
    const sample: number[] = [];
    let miss = false;
    let missQuantile = false;
    for (let t = 1; t <= 300; t++) {
      state = rule.step(state, random() < 0.3 ? 1 : 0);
      sample.push(random());
      if (t % 10 !== 0) continue;
      const { lower, upper } = rule.read(state);
      if (lower > 0.3 || upper < 0.3) miss = true;
      const q = quantileSequence(
        sample.slice().sort((a, b) => a - b),
        0.9,
        0.9,
      );
      if ((q.lower ?? 0) > 0.9 || (q.upper ?? 1) < 0.9) missQuantile = true;
    }
    broken += Number(miss);
    brokenQuantile += Number(missQuantile);
  }
  expect(broken / 200).toBeLessThan(0.15);
  expect(brokenQuantile / 200).toBeLessThan(0.15);
});

test('quantile ranks close in on the quantile', () => {
  const width = (n: number) => {
    const { lower, upper } = quantileSequenceRanks({ n, quantile: 0.5 });
    return (upper - lower) / n;
  };
  expect(quantileSequenceRanks({ n: 1, quantile: 0.5 })).toEqual({ lower: 0, upper: 2 });
  expect(width(10_000)).toBeLessThan(width(1000) / 2);
  expect(width(10_000)).toBeLessThan(0.05);
});

test('an unreachable burn factor is refused by name', () => {
  expect(() => burnRate({ budget: 0.1 })).toThrow('pairs[0].factor');
  expect(burnReachable(14.4, 0.069)).toBe(true);
  expect(burnReachable(6, 0.167)).toBe(false);
  for (const budget of [0.05, 0.1, 0.2, 0.3]) {
    expect(() => burnRate({ budget, pairs: cappedBurnPairs(budget) })).not.toThrow();
  }
});

test('both windows have to burn, an idle gap forgets, and order of arrival does not matter', () => {
  const rule = burnRate({ budget: 0.05, pairs: [{ factor: 14.4, long: HOUR, short: HOUR / 12 }] });
  const at = 1.7e12;
  const minutes = Array.from({ length: 60 }, (_, m) => ({ at: at + m * 60_000, bad: 9, n: 10 }));
  const burning = minutes.reduce((s, o) => rule.step(s, o), rule.start);
  expect(rule.read(burning).alarm).toBe(true);
  expect(rule.read(burning).pairs[0]!.longBurn).toBeCloseTo(18, 9);
  const healed = Array.from({ length: 5 }, (_, m) => ({ at: at + (60 + m) * 60_000, bad: 0, n: 10 })).reduce(
    (s, o) => rule.step(s, o),
    burning,
  );
  expect(rule.read(healed).alarm).toBe(false);
  const idle = rule.step(burning, { at: at + 10 * HOUR, bad: 1, n: 1 });
  expect(rule.read(idle).pairs[0]!.n).toBe(1);
  const near = minutes.slice(56, 60);
  const swapped = [near[2]!, near[0]!, near[3]!, near[1]!].reduce((s, o) => rule.step(s, o), rule.start);
  expect(rule.read(swapped)).toEqual(rule.read(near.reduce((s, o) => rule.step(s, o), rule.start)));
});

test('a baseline freezes while the evidence stands and says when it is too thin', () => {
  const rule = rateBaseline();
  let state = rule.start;
  for (let i = 0; i < 2000; i++) state = rule.step(state, { x: i % 50 === 0 ? 1 : 0, evidence: 0 });
  expect(rule.read(state).rate).toBeCloseTo(0.02, 12);
  expect(rule.read(state).use).toBe('two-sample');
  let frozen = state;
  for (let i = 0; i < 500; i++) frozen = rule.step(frozen, { x: 1, evidence: 20 });
  frozen = rule.step(frozen, { x: 1, evidence: 0, open: true });
  expect(rule.read(frozen)).toEqual({ ...rule.read(state), frozen: true });
  for (let i = 0; i < 1000; i++) state = rule.step(state, { x: i % 50 === 0 ? 1 : 0, evidence: 0 });
  expect(rule.read(state).use).toBe('bound');
  expect(rule.read(state).upper).toBeGreaterThan(0.02);
});

test('the budget over monitors adds up', () => {
  const parts = divideAlarmBudget(2, [
    { id: 'a', observationsPerMonth: 1000 },
    { id: 'b', observationsPerMonth: 50_000 },
    { id: 'c', observationsPerMonth: 7, weight: 2 },
  ]);
  expect(parts[0]!.c).toBe(2000);
  const monthly = [1000, 50_000, 7].reduce((sum, n, j) => sum + n / parts[j]!.c, 0);
  expect(monthly).toBeCloseTo(2, 12);
});

test('late, repeated and shuffled arrivals give the same stream', () => {
  const random = seededRandom('arrivals');
  const events: Arriving<number>[] = Array.from({ length: 200 }, (_, i) => ({
    id: `e${i}`,
    at: i * 10,
    value: i,
  }));
  const collect = (order: readonly Arriving<number>[]) => {
    let state: Parameters<typeof arrive<number>>[0] = ARRIVAL_START;
    const out: string[] = [];
    for (const event of order) {
      const next = arrive(state, event, 200);
      state = next.state;
      out.push(...next.due.map((e) => e.id));
    }
    const end = arrivalEnd(state);
    return { ids: [...out, ...end.due.map((e) => e.id)], state };
  };
  const tidy = collect(events).ids;
  const jumbled = events
    .flatMap((e) => (random() < 0.3 ? [e, e] : [e]))
    .map((e) => ({ e, key: e.at + random() * 150 }))
    .sort((a, b) => a.key - b.key)
    .map(({ e }) => e);
  const messy = collect(jumbled);
  expect(messy.ids).toEqual(tidy);
  expect(messy.state.repeated + messy.state.late).toBe(jumbled.length - events.length);
});

test('calibration keeps the budget on fresh stretches of a correlated stream', () => {
  const random = seededRandom('calibrate');
  const ar = (n: number) => {
    let z = 0;
    return Array.from({ length: n }, () => {
      z = 0.6 * z + 0.8 * (random() + random() + random() + random() - 2) * Math.sqrt(3);
      return z;
    });
  };
  const pairs = calibrateCusum(
    {
      residuals: ar(1500),
      blockLength: 24,
      length: 168,
      stretches: 60,
      budget: 0.1,
      shift: 2.5,
      ks: [0.75, 1, 1.25],
      hs: [4, 6, 8, 10, 14, 20],
    },
    random,
  );
  expect(pairs[0]!.alarmsPerStretch).toBeLessThanOrEqual(0.1);
  expect(pairs[0]!.delay).toBeLessThan(20);
  expect(blockBootstrap([1, 2, 3, 4], 2, 5, random)).toHaveLength(5);
  expect(() =>
    calibrateCusum(
      {
        residuals: ar(100),
        blockLength: 60,
        length: 10,
        stretches: 1,
        budget: 1,
        shift: 1,
        ks: [1],
        hs: [1],
      },
      random,
    ),
  ).toThrow('residuals');
});
