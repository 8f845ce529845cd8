import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { seededRandom } from '#kernel/stats';
import {
  CIRCUIT,
  type CircuitState,
  circuitShare,
  claimProbe,
  createCircuit,
  probeDue,
  stepCircuit,
} from './circuit.ts';
import { type HealthState, health } from './health.ts';
import type { HealthSignal } from './signal.ts';
import { type Candidate, spread } from './spread.ts';

const judge = health();
const route = spread(judge);
const zero = () => 0;
const fail = (c: CircuitState, now: number, startedAt = now) =>
  stepCircuit(c, { now, startedAt, served: false, random: zero });
const serve = (c: CircuitState, now: number, startedAt = now) =>
  stepCircuit(c, { now, startedAt, served: true, random: zero });
const opened = (now: number) => {
  let circuit = createCircuit();
  for (let i = 0; i < CIRCUIT.failures; i++) circuit = fail(circuit, now);
  return circuit;
};

test('ejection: 5 s doubling, the next probe never later than 0.4 of the outage beyond 20 s, at most 5 min', () => {
  let circuit = opened(0);
  let now = 0;
  const waits: number[] = [];
  for (let i = 0; i < 14; i++) {
    if (circuit.phase !== 'open') throw new Error(circuit.phase);
    expect(probeDue(circuit, circuit.until - 1)).toBe(false);
    waits.push(Math.round((circuit.until - now) / 1000));
    now = circuit.until;
    circuit = fail(claimProbe(circuit, now), now);
  }
  expect(waits).toEqual([5, 10, 20, 20, 22, 31, 43, 60, 85, 118, 166, 232, 300, 300]);
});

test('one probe at a time; a probe that told nothing is repeated, one that was lost is given up', () => {
  const due = opened(0);
  const asked = claimProbe(due, 5_000);
  expect(probeDue(asked, 6_000)).toBe(false);
  expect(probeDue(asked, 5_000 + CIRCUIT.probeTimeout)).toBe(true);
  const left = stepCircuit(asked, { now: 7_000, startedAt: 5_000, served: undefined, random: zero });
  expect(probeDue(left, 7_000)).toBe(true);
  expect(serve(asked, 7_000, 4_999).phase).toBe('probing');
  expect(serve(asked, 7_000, 5_000).phase).toBe('ramp');
});

test('a restart is no amnesty, and no lost probe either', () => {
  const state = withCircuit(opened(0));
  judge.asked(state, 5_000);
  const saved: HealthState = JSON.parse(JSON.stringify(state));
  expect(judge.probeDue(saved, 6_000)).toBe(false);
  const revived = judge.revive(saved, 6_000);
  expect(judge.share(revived, 6_000)).toBe(0);
  expect(judge.probeDue(revived, 6_000)).toBe(true);
});

test('ramp: 10 % to 50 % at 30 s to 100 % at 60 s; two failures in a row eject again, for longer', () => {
  const ramp = serve(claimProbe(opened(0), 5_000), 5_000);
  const at = (s: number) => circuitShare(ramp, 5_000 + s * 1000);
  expect([at(0), at(15), at(30), at(45), at(60)].map((x) => Number(x.toFixed(3)))).toEqual([
    0.1, 0.3, 0.5, 0.75, 1,
  ]);
  const again = fail(fail(ramp, 10_000), 10_001);
  expect(again).toMatchObject({ phase: 'open', until: 10_001 + 10_000 });
  const closed = serve(serve(claimProbe(opened(0), 5_000), 5_000), 70_000);
  expect(closed.phase).toBe('closed');
  let late = closed;
  for (let i = 0; i < 5; i++) late = fail(late, 70_000 + CIRCUIT.forget);
  expect(late).toMatchObject({ phase: 'open', until: 70_000 + CIRCUIT.forget + 5_000 });
});

test('a hundred failures of one burst are one ejection', () => {
  let circuit = createCircuit();
  for (let i = 0; i < 100; i++) circuit = fail(circuit, 10_000 + i, 9_000);
  expect(circuit).toMatchObject({ phase: 'open', level: 1, until: 10_004 + 5_000 });
});

test('what is slow is told once enough is known, by size of the ask and by hour', () => {
  const state = judge.create();
  expect(judge.slowAfter(state, {})).toBeUndefined();
  for (let i = 0; i < 1_000; i++)
    judge.observe(state, { now: i, startedAt: i, signal: 'good', firstToken: 500 + (i % 100), random: zero });
  const limit = judge.slowAfter(state, { inputTokens: 10 })!;
  expect(limit).toBeGreaterThan(599);
  expect(limit).toBeLessThan(700);
  expect(judge.slowAfter(state, { hourFactor: 2 })).toBe(2 * limit);
  expect(judge.slowAfter(state, { inputTokens: 50_000 })).toBeUndefined();
  const usual = judge.usual(state, { inputTokens: 10 })!;
  expect(usual).toBeGreaterThan(530);
  expect(usual).toBeLessThan(570);
  expect(judge.usual(state, { inputTokens: 50_000 })).toBeUndefined();
});

test('what condemns nobody: client aborts, refused requests, 429, content filters', () => {
  const signals = fc.array(fc.constantFrom<HealthSignal>('none', 'capacity'), { maxLength: 300 });
  fc.assert(
    fc.property(signals, (list) => {
      const state = judge.create();
      const before = JSON.stringify(state);
      list.forEach((signal, i) => {
        judge.observe(state, { now: i, startedAt: i, signal, firstToken: 60_000, random: zero });
      });
      expect(JSON.stringify(state)).toBe(before);
    }),
    { seed: 21, numRuns: 30 },
  );
});

test('score and shares stay in [0, 1], states survive as JSON, whatever happens', () => {
  const events = fc.array(
    fc.record({
      signal: fc.constantFrom<HealthSignal>('good', 'bad', 'none', 'capacity'),
      gap: fc.integer({ min: -100, max: 30_000 }),
      took: fc.integer({ min: 0, max: 20_000 }),
      firstToken: fc.option(fc.double({ min: 0, max: 1e5, noNaN: true }), { nil: undefined }),
      tokensPerSecond: fc.option(fc.double({ min: 0, max: 1e4, noNaN: true }), { nil: undefined }),
    }),
    { maxLength: 300 },
  );
  fc.assert(
    fc.property(events, (list) => {
      let state = judge.create();
      const random = seededRandom('any');
      let now = 1e12;
      for (const { gap, took, ...event } of list) {
        now += gap;
        judge.observe(state, { ...event, now, startedAt: now - took, random });
        if (random() < 0.1) judge.asked(state, now);
        const { score, share } = judge.read(state, now);
        expect(score >= 0 && score <= 1 && share >= 0 && share <= 1).toBe(true);
        state = JSON.parse(JSON.stringify(state));
      }
    }),
    { seed: 22, numRuns: 60 },
  );
});

interface Outage {
  readonly everyMs: number;
  /** How long a failing attempt takes: 50 ms a refusal, 10 s a silence. */
  readonly failsIn: number;
}

/** A primary that is down from 60 s to 120 s, with a fallback; what the users and the provider see. */
function outage(seed: number, { everyMs, failsIn }: Outage) {
  const random = seededRandom('outage', seed);
  const state = judge.create();
  const candidates: Candidate[] = [
    { health: state, tier: 0 },
    { health: judge.create(), tier: 1 },
  ];
  const from = 60_000 + random() * 10_000;
  const to = from + 60_000;
  const ends: { at: number; run: () => void }[] = [];
  let unserved = 0;
  let wasted = 0;
  let closedAt = -1;
  const busiest: number[] = [];
  for (let now = 0; now < to + 120_000; now += everyMs) {
    ends.sort((a, b) => a.at - b.at);
    while (ends.length > 0 && ends[0]!.at <= now) ends.shift()!.run();
    const ask = (open: readonly Candidate[], at: number, n: number) => {
      const choice = route.choose(open, at, random);
      if (choice === undefined || n === 2) {
        unserved++;
        return;
      }
      const sick = choice.index === 0 && at >= from && at < to;
      const done = at + (sick ? failsIn : 500);
      if (sick) wasted++;
      if (choice.index === 0 && at >= to)
        busiest[Math.floor((at - to) / 1000)] = (busiest[Math.floor((at - to) / 1000)] ?? 0) + 1;
      ends.push({
        at: done,
        run: () => {
          judge.observe(candidates[choice.index]!.health, {
            now: done,
            startedAt: at,
            signal: sick ? 'bad' : 'good',
            firstToken: sick ? undefined : 500,
            random,
          });
          if (sick)
            ask(
              open.map((c, i) => (i === choice.index ? { ...c, available: false } : c)),
              done,
              n + 1,
            );
          else if (closedAt < 0 && done > to && !judge.ejected(state)) closedAt = done - to;
        },
      });
    };
    ask(candidates, now, 0);
  }
  return { unserved, wasted, closedAt, busiest };
}

for (const world of [
  { everyMs: 100, failsIn: 50 },
  { everyMs: 100, failsIn: 10_000 },
  { everyMs: 1_000, failsIn: 50 },
  { everyMs: 1_000, failsIn: 10_000 },
])
  test(`down for 60 s, an ask every ${world.everyMs} ms, failing in ${world.failsIn} ms: served throughout, closed within 30 s`, () => {
    for (let seed = 0; seed < 25; seed++) {
      const { unserved, wasted, closedAt, busiest } = outage(seed, world);
      expect(unserved).toBe(0);
      expect(closedAt).toBeGreaterThanOrEqual(0);
      expect(closedAt).toBeLessThan(30_000);
      // The five that opened it, those under way by then, and a handful of probes.
      expect(wasted).toBeLessThanOrEqual(5 + Math.ceil(world.failsIn / world.everyMs) + 8);
      // No burst: the first ten seconds after the probe carry at most three tenths of the traffic.
      const first = busiest.findIndex((n) => n > 0);
      const early = busiest.slice(first, first + 10).reduce((s, n) => s + (n ?? 0), 0);
      expect(early).toBeLessThan((0.45 * 10_000) / world.everyMs + 3);
    }
  });

test('one request a minute: the probe is that request, and after it the target is back', () => {
  const state = judge.create();
  const candidates: Candidate[] = [
    { health: state, tier: 0 },
    { health: judge.create(), tier: 1 },
  ];
  const random = seededRandom('quiet');
  const served: number[] = [];
  for (let minute = 0; minute < 30; minute++) {
    const now = minute * 60_000;
    const choice = route.choose(candidates, now, random)!;
    const sick = choice.index === 0 && minute < 12;
    judge.observe(candidates[choice.index]!.health, {
      now: now + 90,
      startedAt: now,
      signal: sick ? 'bad' : 'good',
      random,
    });
    served.push(choice.index);
  }
  expect(served.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
  expect(served.slice(5, 12).filter((i) => i === 0).length).toBeGreaterThan(2);
  expect(served.slice(14).filter((i) => i === 1).length).toBeLessThanOrEqual(1);
});

const withCircuit = (circuit: CircuitState): HealthState => ({ ...judge.create(), circuit });
const down = (until = 1e9) => withCircuit({ phase: 'open', since: 0, at: 0, level: 1, probes: 0, until });

test('spread: shares sum to one, none beyond capacity unless all are full, a sick tier spills to the next', () => {
  const member = fc.record({
    down: fc.boolean(),
    kept: fc.double({ min: 0.05, max: 1, noNaN: true }),
    tier: fc.integer({ min: 0, max: 2 }),
    weight: fc.integer({ min: 1, max: 5 }),
    capacity: fc.option(fc.double({ min: 0.05, max: 1, noNaN: true }), { nil: undefined }),
    available: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(member, { minLength: 1, maxLength: 6 }), (members) => {
      const candidates = members
        .toSorted((a, b) => a.tier - b.tier)
        .map(({ down: sick, kept, ...rest }): Candidate => {
          const state = sick ? down() : judge.create();
          Object.assign(state.grade, { kept, target: kept });
          return { ...rest, health: state };
        });
      const shares = route.shares(candidates, 0);
      const able = candidates.some((c) => c.available !== false);
      expect(shares.reduce((s, x) => s + x, 0)).toBeCloseTo(able ? 1 : 0, 9);
      candidates.forEach((c, i) => {
        if (c.available === false) expect(shares[i]).toBe(0);
      });
      // The rule about capacity: one above its own means that every member that answers is full.
      const full = candidates.every(
        (c, i) => c.available === false || judge.ejected(c.health) || shares[i]! >= (c.capacity ?? 2) - 1e-9,
      );
      const over = candidates.some((c, i) => shares[i]! > (c.capacity ?? 2) + 1e-9);
      if (over && candidates.some((c) => c.available !== false && !judge.ejected(c.health)))
        expect(full).toBe(true);
    }),
    { seed: 23, numRuns: 400 },
  );
});

test('spread: ejection never empties a route, and at most half of it is ejected', () => {
  expect(route.shares([{ health: down(), tier: 0 }], 0)).toEqual([1]);
  expect(
    route.shares(
      [
        { health: down(), tier: 0 },
        { health: judge.create(), tier: 1 },
      ],
      0,
    ),
  ).toEqual([0, 1]);
  expect(
    route.shares(
      [
        { health: down(), tier: 0 },
        { health: down(), tier: 1 },
      ],
      0,
    ),
  ).toEqual([1, 0]);
  const [a, b, c] = route.shares(
    [
      { health: down(50), tier: 0 },
      { health: down(40), tier: 0 },
      { health: judge.create(), tier: 0 },
    ],
    0,
  ) as [number, number, number];
  expect([a, b > 0 && b < 0.03, c > 0.97]).toEqual([0, true, true]);
});

test('spread: the capacity of the fallback caps the shift', () => {
  const sick = judge.create();
  Object.assign(sick.grade, { kept: 0.05, target: 0.05 });
  const shares = route.shares(
    [
      { health: sick, tier: 0 },
      { health: judge.create(), tier: 1, capacity: 0.4 },
    ],
    0,
  );
  expect(shares[0]).toBeCloseTo(0.6, 9);
  expect(shares[1]).toBeCloseTo(0.4, 9);
});
