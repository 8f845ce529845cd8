import type { ClimateSnapshot } from '#gateway';
import { decayingSketch, hours } from '#kernel/resilience';
import { drawNormal, hourOfWeek, type Random } from '#kernel/stats';

/** The week of a provider under the load of an office day, and what a gateway has learnt after some weeks of it. */
export const ZONE = 'America/New_York';
export const HOUR = 3_600_000;
export const WEEK = 168 * HOUR;
/** Log-normal, milliseconds. */
export interface FirstToken {
  readonly median: number;
  readonly sigma: number;
}
export const FIRST_TOKEN: FirstToken = { median: 2_500, sigma: 0.5 };
/** Answers of an hour, while it is learnt. */
export const EVERY_HOUR = 120;
/** Load noise that remembers from hour to hour: standard deviation of its logarithm, and how much of it stays. */
const NOISE = { sigma: 0.08, stays: 0.6 };

const bump = (hour: number, centre: number, width: number): number =>
  Math.exp(-((hour - centre) ** 2) / (2 * width ** 2));

/** Weekday peak 1.9 × at eleven, small evening bump. */
export function cycle(hourOfTheWeek: number): number {
  const hour = hourOfTheWeek % 24;
  const work = hourOfTheWeek < 120 ? 0.9 * bump(hour, 11, 3) : 0;
  return 1 + work + 0.25 * bump(hour, 20, 2);
}
export const flat = (): number => 1;

export const isPeak = (h: number): boolean => h < 120 && h % 24 >= 9 && h % 24 <= 13;
export const isNight = (h: number): boolean => h % 24 < 6;

/** Levels hour by hour from an instant on: the curve, times noise. */
export function* levels(random: Random, from: number, curve: (h: number) => number) {
  let noise = NOISE.sigma * drawNormal(random);
  for (let at = from; ; at += HOUR) {
    noise = NOISE.stays * noise + NOISE.sigma * Math.sqrt(1 - NOISE.stays ** 2) * drawNormal(random);
    const hour = hourOfWeek(at, ZONE);
    yield { at, hour, factor: curve(hour) * Math.exp(noise) };
  }
}

/** What weeks of answers taught of these models, alike of each, as it lies on disk; and the limit of an hour. */
export function taught(
  random: Random,
  models: readonly string[],
  weeks: number,
  until: number,
  curve: (h: number) => number,
  law: FirstToken = FIRST_TOKEN,
) {
  const rule = hours({ zone: ZONE });
  const state = rule.create();
  const from = until - weeks * WEEK;
  for (const { at, factor } of levels(random, from, curve)) {
    if (at >= until) break;
    for (let i = 0; i < EVERY_HOUR; i++)
      rule.observe(
        state,
        at + (i + 0.5) * (HOUR / EVERY_HOUR),
        law.median * factor * Math.exp(law.sigma * drawNormal(random)),
      );
  }
  const recent = decayingSketch({ alpha: 0.01, smallest: 0.1, halfLife: 300_000 }).create();
  const climate: ClimateSnapshot = Object.fromEntries(
    models.map((model) => [
      ['sim', model, '0', ZONE].map(encodeURIComponent).join('/'),
      { hours: structuredClone(state), recent, seenAt: until },
    ]),
  );
  const limitAt = (at: number): number => rule.timeout(structuredClone(state), at) ?? 0;
  return { climate, limitAt };
}
