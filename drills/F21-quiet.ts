import { contention } from '#kernel/resilience';
import { drawNormal, seededRandom } from '#kernel/stats';
import { READS_LONGER, TOKENS } from './F21-weather.ts';
import { cycle, HOUR, levels, WEEK, ZONE } from './F56-week.ts';
import type { Measure } from './measure.ts';

const START = Date.UTC(2026, 0, 5, 5);
/** Three to learn from, one to be judged by. */
const LEARNT = 3;
/** Calls of an hour, and how much first tokens differ: callers are many or few, providers steady or not. */
const WORLDS = [
  { hourly: 60, sigma: 0.35 },
  { hourly: 120, sigma: 0.5 },
  { hourly: 300, sigma: 0.5 },
  { hourly: 600, sigma: 0.35 },
  { hourly: 600, sigma: 0.5 },
] as const;
const MEDIAN = 250;
const LONG = 0.05;

/**
 * A week in which nothing happens but the office day: load and latency rise by 1.9 together, with noise that lasts for hours, and
 * a call in twenty is a long one. Told to the rule as the gateway tells it; days with a finding, of seven.
 */
export function quietWeek(seed: number): Measure {
  const { hourly, sigma } = WORLDS[seed % WORLDS.length] as (typeof WORLDS)[number];
  const random = seededRandom('F21 quiet week', seed);
  const rule = contention({ zone: ZONE });
  const state = rule.create();
  const judged = START + LEARNT * WEEK;
  const days = new Set<number>();
  for (const { at, factor } of levels(random, START, cycle)) {
    if (at >= judged + WEEK) break;
    const pause = () => (-Math.log(1 - random()) * HOUR) / (hourly * factor);
    for (let now = at + pause(); now < at + HOUR; now += pause()) {
      const long = random() < LONG;
      const took = MEDIAN * factor * (long ? READS_LONGER : 1) * Math.exp(sigma * drawNormal(random));
      rule.observe(state, now, { size: long ? TOKENS.long : TOKENS.short, took });
    }
    const { foundAt = 0 } = state.findings.at(-1) ?? {};
    if (foundAt >= judged) days.add(Math.floor((foundAt - judged) / (24 * HOUR)));
  }
  return { kind: 'rate', events: days.size, n: 7 };
}
