import { hours, readRegime, regimeCause } from '#kernel/resilience';
import { drawNormal, type Random, seededRandom } from '#kernel/stats';
import { cycle, FIRST_TOKEN, HOUR, levels, WEEK, ZONE } from './F56-week.ts';
import type { Measure } from './measure.ts';

const START = Date.UTC(2026, 0, 5, 5);
const LEARNT = 4 * WEEK;
/** Found within a week or not at all; and the cycle is looked at for four. */
const LASTS = 7 * 24;
const QUIET = 4;
const RATES = [60, 120, 300, 600] as const;
/** One in half a minute. */
const PROBES = 120;

/** A rule that is told of an hour of answers, and of nothing else. */
function listener() {
  const rule = hours({ zone: ZONE });
  const state = rule.create();
  return {
    state,
    hour(random: Random, at: number, many: number, median: number) {
      for (let i = 0; i < many; i++)
        rule.observe(
          state,
          at + ((i + 0.5) * HOUR) / many,
          median * Math.exp(FIRST_TOKEN.sigma * drawNormal(random)),
        );
    },
  };
}

interface Found {
  /** Milliseconds from the beginning of the fault; a week where nothing was found in one. */
  readonly after: number;
  readonly cause: string | undefined;
}

/** Four clean weeks, then a factor on the provider, or on our own asks alone while its probes stay as they were. */
export function fault(seed: number, factor: number, whose: 'provider' | 'ours'): Found {
  const random = seededRandom(`F56 regime ${factor} ${whose}`, seed);
  const rate = RATES[seed % RATES.length] as number;
  const callers = listener();
  const probes = listener();
  const from = START + LEARNT + Math.floor(random() * LASTS) * HOUR;
  for (const { at, hour, factor: level } of levels(random, START, cycle)) {
    const { found } = readRegime(callers.state.regime);
    if (found && found.at > from) return { after: found.at - from, cause: regimeCause(probes.state.regime) };
    if (at >= from + LASTS * HOUR) break;
    const slower = at >= from ? factor : 1;
    const median = FIRST_TOKEN.median * level;
    callers.hour(random, at, Math.round((rate * (1 + cycle(hour))) / 2), median * slower);
    probes.hour(random, at, PROBES, median * (whose === 'provider' ? slower : 1));
  }
  return { after: LASTS * HOUR, cause: undefined };
}

/** Weeks of the cycle alone in which a change was found, after four to learn it. */
export function quiet(seed: number): Measure {
  const random = seededRandom('F56 cycle', seed);
  const rate = RATES[seed % RATES.length] as number;
  const callers = listener();
  const weeks = new Set<number>();
  for (const { at, hour, factor } of levels(random, START, cycle)) {
    const { found } = readRegime(callers.state.regime);
    if (found) weeks.add(Math.floor((found.at - START) / WEEK));
    if (at >= START + LEARNT + QUIET * WEEK) break;
    callers.hour(random, at, Math.round((rate * (1 + cycle(hour))) / 2), FIRST_TOKEN.median * factor);
  }
  return { kind: 'rate', events: weeks.size, n: QUIET };
}

/** What a fixed threshold, at 1.75 times the median of the night, makes of one such week: alarms. */
export function fixed(seed: number): number {
  const random = seededRandom('F56 fixed', seed);
  const limit = 1.75 * FIRST_TOKEN.median;
  let alarms = 0;
  let above = false;
  for (const { at, factor } of levels(random, START, cycle)) {
    if (at >= START + WEEK) break;
    const now = FIRST_TOKEN.median * factor > limit;
    if (now && !above) alarms++;
    above = now;
  }
  return alarms;
}
