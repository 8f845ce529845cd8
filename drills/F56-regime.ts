import { type HoursState, hours, regimeCause } from '#kernel/resilience';
import { drawNormal, type Random, seededRandom } from '#kernel/stats';
import { cycle, FIRST_TOKEN, HOUR, levels, WEEK, ZONE } from './F56-week.ts';
import type { Measure } from './measure.ts';

const START = Date.UTC(2026, 0, 5, 5);
const LEARNT = 4 * 168;
/** Hours. A fault begins within a week, and is found within another or not at all; the cycle is looked at for six. */
const WITHIN = 168;
const LASTS = 168;
const QUIET = 6 * 168;
/** One in five minutes. */
const PROBES = 12;

const rule = hours({ zone: ZONE });

/** Calls of an hour of the week: as few at night and as many by day as the catalogue has, or as many all day. */
const RATES: readonly ((hour: number) => number)[] = [
  (hour) => 330 + 270 * Math.sin((2 * Math.PI * ((hour % 24) - 8)) / 24),
  () => 60,
  () => 120,
  () => 300,
  () => 600,
];

function tell(state: HoursState, random: Random, at: number, many: number, median: number): void {
  for (let i = 0; i < many; i++)
    rule.observe(
      state,
      at + ((i + 0.5) * HOUR) / many,
      median * Math.exp(FIRST_TOKEN.sigma * drawNormal(random)),
    );
}

/** A provider that goes by its week, for some hours, and those who ask it. */
class World {
  readonly callers = rule.create();
  readonly probes = rule.create();
  private readonly hours: { readonly at: number; readonly hour: number; readonly factor: number }[] = [];
  private readonly rate: (hour: number) => number;

  constructor(name: string, seed: number, length: number) {
    const random = seededRandom(`F56 ${name} week`, seed);
    this.rate = RATES[seed % RATES.length] as (hour: number) => number;
    for (const one of levels(random, START, cycle)) {
      if (this.hours.length > length) break;
      this.hours.push(one);
    }
  }

  /** Tells both of one hour. */
  live(random: Random, i: number, { callers, probes }: Listeners, slower = 1, probesSlower = slower): void {
    const { at, hour, factor } = this.hours[i] as (typeof this.hours)[number];
    const median = FIRST_TOKEN.median * factor;
    tell(callers, random, at, Math.round(this.rate(hour)), median * slower);
    tell(probes, random, at, PROBES, median * probesSlower);
  }
}

interface Listeners {
  readonly callers: HoursState;
  readonly probes: HoursState;
}

export interface Fault {
  readonly factor: number;
  /** The provider's, or of our own asks alone while its probes stay as they were. */
  readonly whose: 'provider' | 'ours';
}

export interface Found extends Fault {
  /** Milliseconds from the beginning of the fault; a week where nothing was found in one. */
  readonly after: number;
  readonly cause: 'provider' | 'ours' | undefined;
  /** Milliseconds from the beginning until it was told whose it is. */
  readonly told: number;
}

/**
 * Four clean weeks are learnt once; then each fault begins at an hour of its own of the fifth, or as soon after it as nothing is said
 * to be wrong, and stays. False alarms are the twin's to count.
 */
export function faultsOf(seed: number, faults: readonly Fault[]): readonly Found[] {
  const world = new World('regime', seed, LEARNT + 2 * WITHIN + LASTS);
  const random = seededRandom('F56 regime', seed);
  let waiting = faults.map((fault) => ({ fault, at: LEARNT + Math.floor(random() * WITHIN) }));
  const found: Found[] = [];
  for (let i = 0; waiting.length > 0 && i < LEARNT + 2 * WITHIN; i++) {
    const quiet = !turned(world, START + i * HOUR).found;
    for (const { fault, at } of waiting) if (at <= i && quiet) found.push(struck(world, random, i, fault));
    if (quiet) waiting = waiting.filter(({ at }) => at > i);
    world.live(random, i, world);
  }
  return found;
}

function struck(world: World, random: Random, from: number, fault: Fault): Found {
  const { factor, whose } = fault;
  const both = { callers: structuredClone(world.callers), probes: structuredClone(world.probes) };
  const begin = START + from * HOUR;
  let after = LASTS * HOUR;
  for (let i = from; i < from + LASTS; i++) {
    world.live(random, i, both, factor, whose === 'provider' ? factor : 1);
    const now = START + (i + 1) * HOUR;
    const { found, of } = turned(both, now);
    if (!found) continue;
    after = Math.min(after, found.at - begin);
    const cause = regimeCause(both.callers[of], both.probes.typical);
    if (cause === 'provider' || cause === 'ours') return { ...fault, after, cause, told: now - begin };
  }
  return { ...fault, after, cause: undefined, told: LASTS * HOUR };
}

/** An hour is summed up when the next one is looked at. */
function turned({ callers, probes }: Listeners, now: number): ReturnType<typeof rule.regime> {
  rule.factor(callers, now);
  rule.factor(probes, now);
  return rule.regime(callers);
}

export interface Paced {
  /** Milliseconds until it was found that tokens come slower; a week where it was not. */
  readonly after: number;
  /** First tokens, which were not slower, were said to be. */
  readonly blamed: boolean;
}

/** A mean of some dozens of tokens, milliseconds each. */
const PACE = { median: 20, sigma: 0.2 };
const PACED = 120;

/** Four clean weeks, then every token takes `factor` times as long and first tokens what they took. */
export function paced(seed: number, factor: number): Paced {
  const random = seededRandom('F56 pace', seed);
  const firstTokens = rule.create();
  const perToken = rule.create();
  const from = START + (LEARNT + Math.floor(random() * WITHIN)) * HOUR;
  for (const { at, factor: level } of levels(random, START, cycle)) {
    const slower = at >= from ? factor : 1;
    for (let i = 0; i < PACED; i++) {
      const now = at + ((i + 0.5) * HOUR) / PACED;
      const of = ({ median, sigma }: typeof PACE) => median * level * Math.exp(sigma * drawNormal(random));
      rule.observe(firstTokens, now, of(FIRST_TOKEN));
      rule.observe(perToken, now, of(PACE) * slower);
    }
    for (const state of [firstTokens, perToken]) rule.factor(state, at + HOUR);
    const { found } = rule.regime(perToken);
    const last = at + HOUR >= from + LASTS * HOUR;
    if (last || (found && found.at > from)) {
      const blamed = (rule.regime(firstTokens).found?.at ?? 0) > from;
      return { after: found && found.at > from ? found.at - from : LASTS * HOUR, blamed };
    }
  }
  throw new Error('unreachable: the week does not end');
}

/** Weeks of the cycle alone in which a change was found, after four to learn it. */
export function quiet(seed: number): Measure {
  const world = new World('cycle', seed, LEARNT + QUIET);
  const random = seededRandom('F56 cycle', seed);
  const weeks = new Set<number>();
  for (let i = 0; i < LEARNT + QUIET; i++) {
    world.live(random, i, world);
    const { found } = turned(world, START + (i + 1) * HOUR);
    if (found) weeks.add(Math.floor((found.at - START - 1) / WEEK));
  }
  return { kind: 'rate', events: weeks.size, n: QUIET / 168 };
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
