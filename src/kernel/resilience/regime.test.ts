import { expect, test } from 'bun:test';
import { drawNormal, seededRandom } from '#kernel/stats';
import { createRegime, observeRegime, type RegimeState, readRegime, regimeCause } from './regime.ts';

const HOUR = 3_600_000;
const H = 7;
const LEARNT = 28 * 24;

/** Load noise of 8 % that remembers, and what is added to it by the hour. */
function* noise(seed: number, sigma = 0.08, stays = 0.6): Generator<number, never> {
  const random = seededRandom('regime', seed);
  let level = sigma * drawNormal(random);
  for (;;) {
    level = stays * level + sigma * Math.sqrt(1 - stays ** 2) * drawNormal(random);
    yield level + 0.03 * drawNormal(random);
  }
}

/** Hours from `from` on until it is found; undefined where it is not within `within`. */
function foundAfter(
  state: RegimeState,
  weather: Generator<number, never>,
  more: (hour: number) => number,
  within: number,
) {
  for (let hour = LEARNT; hour < LEARNT + within; hour++) {
    observeRegime(state, hour, weather.next().value + more(hour - LEARNT), true, H);
    if (readRegime(state, H).found) return hour - LEARNT + 1;
  }
  return undefined;
}

function learnt(seed: number) {
  const state = createRegime();
  const weather = noise(seed);
  for (let hour = 0; hour < LEARNT; hour++) observeRegime(state, hour, weather.next().value, false, H);
  return { state, weather };
}

const middle = (values: readonly (number | undefined)[]): number =>
  [...values].map((x) => x ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b)[
    Math.floor(values.length / 2)
  ] as number;
const seeds = Array.from({ length: 40 }, (_, i) => i);

test('changes that stay are found, the larger the sooner, and their beginning is told', () => {
  const after = (factor: number) =>
    seeds.map((seed) => {
      const { state, weather } = learnt(seed);
      const hours = foundAfter(state, weather, () => Math.log(factor), 96);
      const { found } = readRegime(state, H);
      if (factor === 1.5) expect(Math.abs((found?.since ?? 0) / HOUR - LEARNT)).toBeLessThan(12);
      return hours;
    });
  expect(middle(after(1.2))).toBeLessThanOrEqual(12);
  expect(middle(after(1.3))).toBeLessThanOrEqual(6);
  expect(middle(after(1.5))).toBeLessThanOrEqual(4);
});

test('two hours are no regime, however bad; the third one is', () => {
  for (const seed of seeds) {
    const { state, weather } = learnt(seed);
    // A statistic that has not begun to rise of itself.
    state.sums.fill(0);
    const hours = foundAfter(state, weather, () => 2, 10);
    expect(hours).toBe(3);
  }
});

test('weather alone raises it less than once in ten weeks', () => {
  let found = 0;
  for (const seed of seeds) {
    const { state, weather } = learnt(seed);
    if (foundAfter(state, weather, () => 0, 4 * 168) !== undefined) found++;
  }
  expect(found).toBeLessThan(0.1 * seeds.length * 4);
});

test('it is over when the change is, and not before; what it was is not learnt', () => {
  const { state, weather } = learnt(3);
  expect(foundAfter(state, weather, () => Math.log(1.4), 48)).toBeDefined();
  const { n } = state;
  for (let hour = LEARNT + 48; hour < LEARNT + 220; hour++) {
    observeRegime(state, hour, weather.next().value + Math.log(1.4), true, H);
    expect(readRegime(state, H).found).toBeDefined();
  }
  expect(state.n).toBe(n);
  let over = 0;
  for (; readRegime(state, H).found; over++)
    observeRegime(state, LEARNT + 220 + over, weather.next().value, true, H);
  expect(over).toBeLessThan(12);
});

test('hours without answers are no evidence', () => {
  const { state } = learnt(5);
  const before = JSON.stringify(state.sums);
  observeRegime(state, LEARNT + 100, 0, true, H);
  expect(Math.max(...state.sums)).toBeLessThanOrEqual(Math.max(...JSON.parse(before)));
});

test('whose it is: told by what is asked again and again, and not before that is clear', () => {
  const probed = (moves: number) => {
    const { state, weather } = learnt(7);
    const probe = learnt(8);
    for (let hour = LEARNT; hour < LEARNT + 12; hour++) {
      observeRegime(state, hour, weather.next().value + 0.4, true, H);
      observeRegime(probe.state, hour, probe.weather.next().value + moves, true, H);
    }
    expect(readRegime(state, H).found).toBeDefined();
    return regimeCause(state, probe.state);
  };
  expect(probed(0.4)).toBe('provider');
  expect(probed(0)).toBe('ours');
  expect(probed(0.2)).toBe('unclear');
  expect(regimeCause(learnt(1).state, undefined)).toBe('unknown');
  expect(regimeCause(learnt(1).state, createRegime())).toBe('unknown');
});
