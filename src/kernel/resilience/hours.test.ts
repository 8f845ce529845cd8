import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { drawNormal, hourOfWeek, type Random, seededRandom } from '#kernel/stats';
import { hours } from './hours.ts';

const ZONE = 'America/New_York';
const HOUR = 3_600_000;
const WEEK = 168 * HOUR;
/** A Monday, 00:00 in New York, clear of a change of the clocks for two months. */
const MONDAY = Date.UTC(2026, 0, 5, 5);
const policy = hours({ zone: ZONE });

const bump = (hour: number, centre: number, width: number) =>
  Math.exp(-((hour - centre) ** 2) / (2 * width ** 2));
/** F56: weekday peak 1.9× at 11:00, small evening bump. */
const cycle = (hourOfTheWeek: number) => {
  const hour = hourOfTheWeek % 24;
  const work = hourOfTheWeek < 120 ? 0.9 * bump(hour, 11, 3) : 0;
  return 1 + work + 0.25 * bump(hour, 20, 2);
};
const volume = (hour: number) => 330 + 270 * Math.sin((2 * Math.PI * ((hour % 24) - 8)) / 24);

interface World {
  readonly curve: (hourOfTheWeek: number) => number;
  /** Exchanges of an hour, as a factor on 60 to 600. */
  readonly traffic: number;
}

/** Median 2.5 s times the curve times an hourly load noise that remembers; calls back with every latency. */
function live(
  random: Random,
  from: number,
  weeks: number,
  { curve, traffic }: World,
  see: (now: number, x: number, h: number) => void,
) {
  let noise = 0.08 * drawNormal(random);
  for (let h = 0; h < weeks * 168; h++) {
    noise = 0.6 * noise + 0.064 * drawNormal(random);
    const n = Math.max(1, Math.round(volume(h) * traffic));
    const level = 2_500 * curve(h % 168) * Math.exp(noise);
    for (let i = 0; i < n; i++)
      see(from + h * HOUR + ((i + 0.5) / n) * HOUR, level * Math.exp(0.5 * drawNormal(random)), h % 168);
  }
}

const peak = (h: number) => h < 120 && h % 24 >= 9 && h % 24 <= 13;
const night = (h: number) => h % 24 < 6;

test('false timeouts at the peak cut by at least 80 % at equal detection off the peak', () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = seededRandom('diurnal', seed);
    const world = { curve: cycle, traffic: 0.1 };
    const state = policy.create();
    live(random, MONDAY, 4, world, (now, x) => policy.observe(state, now, x));
    // The static timeout that finds as much at night: the mean of the night's own.
    let sum = 0;
    let n = 0;
    for (let h = 0; h < 168; h++)
      if (night(h)) {
        sum += policy.timeout(state, MONDAY + 4 * WEEK + h * HOUR)!;
        n++;
      }
    const fixed = sum / n;
    const wrong = { fixed: 0, hourly: 0 };
    let nightFixed = 0;
    let nightHourly = 0;
    live(random, MONDAY + 4 * WEEK, 1, { ...world, traffic: 0.7 }, (now, x, h) => {
      if (!peak(h) && !night(h)) return;
      const limit = policy.timeout(state, now)!;
      if (peak(h)) {
        if (x > fixed) wrong.fixed++;
        if (x > limit) wrong.hourly++;
      } else {
        // A fault off the peak: three times slower.
        if (3 * x > fixed) nightFixed++;
        if (3 * x > limit) nightHourly++;
      }
    });
    expect(wrong.fixed).toBeGreaterThan(100);
    expect(wrong.hourly).toBeLessThan(0.2 * wrong.fixed);
    expect(Math.abs(nightHourly / nightFixed - 1)).toBeLessThan(0.1);
  }
}, 120_000);

test('a provider without a cycle gets none', () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = seededRandom('flat', seed);
    const state = policy.create();
    live(random, MONDAY, 4, { curve: () => 1, traffic: 0.04 }, (now, x) => policy.observe(state, now, x));
    let squares = 0;
    for (let h = 0; h < 168; h++) {
      const factor = policy.factor(state, MONDAY + 4 * WEEK + h * HOUR);
      squares += Math.log(factor) ** 2;
      expect(factor).toBeGreaterThan(0.65);
      expect(factor).toBeLessThan(1.5);
    }
    // Forty answers a cell: one median of them alone is off by 10 %.
    expect(Math.sqrt(squares / 168)).toBeLessThan(0.08);
  }
}, 120_000);

test('thin cells lean on their neighbours: closer to the truth than their own medians', () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = seededRandom('thin', seed);
    const state = policy.create();
    live(random, MONDAY, 2, { curve: cycle, traffic: 0.01 }, (now, x) => policy.observe(state, now, x));
    policy.factor(state, MONDAY + 2 * WEEK);
    const truth = Array.from({ length: 168 }, (_, h) => Math.log(2_500 * cycle(h)));
    const error = (level: (h: number) => number) =>
      Math.sqrt(truth.reduce((s, x, h) => s + (level(h) - x) ** 2, 0) / 168);
    expect(error((h) => state.fitted[h]!)).toBeLessThan(0.7 * error((h) => state.cells[h]!.own));
    expect(error((h) => state.fitted[h]!)).toBeLessThan(0.2);
  }
});

test('one outage week of five does not move the profile', () => {
  const random = seededRandom('outage week');
  const state = policy.create();
  const before = policy.create();
  live(random, MONDAY, 4, { curve: cycle, traffic: 0.1 }, (now, x) => {
    policy.observe(state, now, x);
    policy.observe(before, now, x);
  });
  live(random, MONDAY + 4 * WEEK, 1, { curve: (h) => 5 * cycle(h), traffic: 0.1 }, (now, x) =>
    policy.observe(state, now, x),
  );
  const after = policy.read(state);
  policy.read(before).forEach(({ p50 }, h) => {
    expect(Math.abs(after[h]!.p50 / p50 - 1)).toBeLessThan(0.25);
  });
});

test('the cell of an instant is that of the provider, with daylight saving; a quarter-hour zone too', () => {
  for (const zone of [ZONE, 'Asia/Kathmandu']) {
    const local = hours({ zone });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 * 96 }), (quarters) => {
        const state = local.create();
        const now = MONDAY + quarters * 900_000;
        local.observe(state, now, 100);
        expect(state.at).toBe(hourOfWeek(now, zone));
      }),
      { seed: 51, numRuns: 50 },
    );
  }
});

test('nothing is told before it is known, garbage changes nothing, the state survives as JSON', () => {
  const state = policy.create();
  expect(policy.timeout(state, MONDAY)).toBeUndefined();
  expect(policy.factor(state, MONDAY)).toBe(1);
  expect(policy.read(state)).toEqual([]);
  for (const x of [Number.NaN, -1, 0]) policy.observe(state, MONDAY, x);
  expect(state.current.total).toBe(0);
  live(seededRandom('json'), MONDAY, 1, { curve: cycle, traffic: 0.05 }, (now, x) =>
    policy.observe(state, now, x),
  );
  const copy = JSON.parse(JSON.stringify(state));
  const at = MONDAY + WEEK + 11 * HOUR;
  expect(policy.timeout(copy, at)).toBe(policy.timeout(state, at)!);
  expect(policy.timeout(state, at, { max: 1_000 })).toBe(1_000);
  expect(policy.read(copy)).toHaveLength(168);
});

test('the calmest hours within a wait: none where it is calm already, none before anything is known', () => {
  const state = policy.create();
  expect(policy.calmest(state, MONDAY, WEEK)).toBeUndefined();
  live(seededRandom('calm'), MONDAY, 4, { curve: cycle, traffic: 0.2 }, (now, x) =>
    policy.observe(state, now, x),
  );
  const after = (hour: number, within: number) =>
    policy.calmest(state, MONDAY + 4 * WEEK + hour * HOUR, within) ?? [];
  // At eleven of a Monday the evening is calmer, and the night more so.
  expect(after(11, 2 * HOUR)).toEqual([]);
  for (const { hour, ratio } of after(11, 8 * HOUR)) {
    expect(hour).toBeWithin(15, 20);
    expect(ratio).toBeLessThan(0.85);
  }
  const night = after(11, 20 * HOUR);
  expect(night.length).toBeGreaterThan(3);
  for (const { at, hour, ratio } of night) {
    expect(hour === 23 || (hour >= 24 && hour <= 31)).toBe(true);
    expect(ratio).toBeWithin(0.4, 0.65);
    expect(at).toBeLessThanOrEqual(MONDAY + 4 * WEEK + 31 * HOUR);
  }
  // At three of a night nothing is much calmer; what noise of four weeks leaves is told as little.
  for (const { ratio } of after(3, WEEK)) expect(ratio).toBeGreaterThan(0.8);
  expect(after(11, 0)).toEqual([]);
});
