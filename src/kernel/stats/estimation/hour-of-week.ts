/**
 * Hour-of-week baseline: median and MAD in the provider's own time zone.
 *
 * Formula: b_h = median of the values in local hour-of-week h (168 of them), then a circular median of 3; s = 1.4826·MAD(residuals)·√(W/(W−1)) over W weeks; z = clip((x − b_h)/s, ±4).
 * Assumes: at least 4 weeks; values on a scale where noise is additive (log p95). Local time takes daylight saving along: a load that follows office hours follows the clock on the wall.
 * Cost: O(n log n) to fit, one time-zone conversion per reading (about 1 µs); state about 1.6 KB.
 * Lies when: more than half of the weeks had an outage in the same hour; below about 200 exchanges an hour p95 itself is too noisy, merge hours or use p75.
 * Reference: Brunnert et al. on median baselines; MEDIFF, arXiv 2008.09245; Hampel 1974 (MAD).
 */
import { checkFinite, checkLength } from '../check.ts';
import { StatsError } from '../error.ts';
import { median, medianAbsoluteDeviation } from './quantiles.ts';

export const HOURS_OF_WEEK = 168;
const HOUR = 3_600_000;
const WEEK = HOURS_OF_WEEK * HOUR;
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

// Building a formatter costs a hundred times a conversion; it is a pure function of its zone.
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known) return known;
  try {
    const made = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      hourCycle: 'h23',
    });
    formatters.set(zone, made);
    return made;
  } catch {
    throw new StatsError('zone', `must be an IANA time zone, got ${zone}`);
  }
}

/** Local hour of the week, 0 = Monday 00:00–00:59, of an epoch time in milliseconds. */
export function hourOfWeek(at: number, zone: string): number {
  checkFinite('at', at);
  const parts = formatterOf(zone).formatToParts(at);
  const day = DAYS.indexOf(parts.find((part) => part.type === 'weekday')!.value);
  return day * 24 + Number(parts.find((part) => part.type === 'hour')!.value);
}

export interface HourlyValue {
  /** Epoch milliseconds of the hour. */
  readonly at: number;
  readonly value: number;
}

export interface HourOfWeekBaseline {
  readonly zone: string;
  /** 168 levels, rounded to six digits so that the state stays small. */
  readonly levels: readonly number[];
  /** Scale of the residuals, > 0. */
  readonly scale: number;
  readonly weeks: number;
  readonly n: number;
}

const rounded = (x: number) => Number(x.toPrecision(6));

/** Fits at least two weeks (four are wanted); hours never seen take the nearest seen neighbours. */
export function fitHourOfWeek(
  values: readonly HourlyValue[],
  zone: string,
  minWeeks = 4,
): HourOfWeekBaseline {
  checkLength('values', values, 2);
  const groups: number[][] = Array.from({ length: HOURS_OF_WEEK }, () => []);
  let from = Infinity;
  let to = -Infinity;
  const hours = values.map(({ at, value }, i) => {
    checkFinite(`values[${i}].at`, at);
    checkFinite(`values[${i}].value`, value);
    from = Math.min(from, at);
    to = Math.max(to, at);
    const hour = hourOfWeek(at, zone);
    groups[hour]!.push(value);
    return hour;
  });
  const weeks = Math.round((to - from + HOUR) / WEEK);
  if (minWeeks < 2) throw new StatsError('minWeeks', 'must be at least 2');
  if (weeks < minWeeks) throw new StatsError('values', `must span at least ${minWeeks} weeks, span ${weeks}`);
  const raw = groups.map((group) => (group.length > 0 ? median(group) : undefined));
  const around = (h: number) =>
    [-1, 0, 1].map((d) => raw[(h + d + HOURS_OF_WEEK) % HOURS_OF_WEEK]).filter((x) => x !== undefined);
  const levels = raw.map((_, h) => {
    const near = around(h);
    if (near.length > 0) return rounded(median(near));
    for (let d = 2; d < HOURS_OF_WEEK; d++) {
      const far = raw[(h + d) % HOURS_OF_WEEK] ?? raw[(h - d + HOURS_OF_WEEK) % HOURS_OF_WEEK];
      if (far !== undefined) return rounded(far);
    }
    throw new StatsError('values', 'fill no hour of the week');
  });
  const residuals = values.map(({ value }, i) => value - levels[hours[i]!]!);
  const scale = 1.4826 * medianAbsoluteDeviation(residuals) * Math.sqrt(weeks / (weeks - 1));
  if (!(scale > 0)) throw new StatsError('values', 'do not vary around their baseline');
  return { zone, levels, scale, weeks, n: values.length };
}

/** Standardised residual, bounded by ±clip. */
export function hourOfWeekResidual(
  baseline: HourOfWeekBaseline,
  { at, value }: HourlyValue,
  clip = 4,
): number {
  checkFinite('value', value);
  const z = (value - baseline.levels[hourOfWeek(at, baseline.zone)]!) / baseline.scale;
  return Math.min(clip, Math.max(-clip, z));
}
