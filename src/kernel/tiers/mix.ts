/**
 * Declared against served tier mix of one route.
 *
 * Formula: hourly binomial CUSUM of the demoted share against the declared one, p1 = 1.5·p0 but at most two points above it, h = 9 (`drift`); lower exact bound of the window's share above `level` (`level`); exact bounds of each tier's share against its floor and ceiling (`clauses`).
 * Assumes: exchanges of one hour independent given the share. Bursts break that: then feed blocks thinned by the design effect.
 * Cost: one step copies one hour's counts; a reading is linear in the hours kept.
 * Lies when: the declared share is an estimate of the past instead of a decision; below about 50 exchanges an hour it is slow rather than wrong.
 * Reference: Page 1954; Clopper and Pearson 1934. With h = 9 and 10,000 exchanges a day: about 2 % false alarms in 90 days, a climb of 0.2 points a day found before the share has doubled.
 */
import type { EpochMs } from '#contracts';
import { StatsError } from '../stats/error.ts';
import {
  clopperPearson,
  clopperPearsonLower,
  clopperPearsonUpper,
} from '../stats/intervals/clopper-pearson.ts';
import type { CusumState } from '../stats/sequential/cusum.ts';
import { binomialCusum } from '../stats/sequential/cusum-bernoulli.ts';
import type { AlarmReading } from '../stats/sequential/sequential.ts';
import type { Estimate } from '../stats/types.ts';

export interface MixRule {
  /** The tier that was promised. Everything else served counts as demoted, a router's choice too. */
  readonly primary: string;
  /** Declared share of exchanges not served by `primary`, in (0, 1). */
  readonly demoted: number;
  /** Declared bounds by tier. */
  readonly bounds?: Readonly<Record<string, { readonly floor?: number; readonly ceiling?: number }>>;
  /** Declared shares of demotion rules; `none` stands for demotion without a rule. With some declared, any other was declared to take nothing; with none, each is compared with its own past. */
  readonly rules?: Readonly<Record<string, number>>;
  /** Demoted share above which the window is a finding of its own. */
  readonly level?: number;
  /** Milliseconds over which shares are read; 7 days. */
  readonly window?: number;
  /** Milliseconds within which an exchange may arrive after newer ones and still count in its own hour; 2 hours. */
  readonly lateness?: number;
  readonly confidence?: number;
  /** CUSUM threshold and design point as a multiple of the declared share. */
  readonly h?: number;
  readonly ratio?: number;
}

/** One exchange, or `n` equal ones. */
export interface Served {
  readonly at: EpochMs;
  readonly served: string;
  /** Demotion rule that acted, if one did. */
  readonly rule?: string;
  readonly n?: number;
}

/** Counts of one hour. */
export interface MixHour {
  readonly from: EpochMs;
  readonly n: number;
  readonly tiers: Readonly<Record<string, number>>;
  readonly rules: Readonly<Record<string, number>>;
}

export interface MixState {
  /** Oldest first; hours without exchanges are absent. */
  readonly hours: readonly MixHour[];
  /** CUSUM over the hours up to `folded`. */
  readonly drift: CusumState;
  readonly folded: EpochMs;
  /** Start of the hour after which the CUSUM last stood at zero. */
  readonly since: EpochMs;
  /** Exchanges older than what is kept; counted nowhere else. */
  readonly tooLate: number;
}

export interface MixReading {
  /** Exchanges in the window. */
  readonly n: number;
  /** Share of each tier; empty without exchanges, because no data is no share. */
  readonly tiers: Readonly<Record<string, Estimate>>;
  readonly demoted?: Estimate;
  readonly clauses: readonly MixClause[];
  /** Slow departure from the declared share, with the time it began. */
  readonly drift: AlarmReading & { readonly since: EpochMs };
  /** The window's share is above `level` beyond doubt. */
  readonly level: boolean;
  /** Demotion rules by the evidence that they take more, since the drift began, than declared or than before. */
  readonly causes: readonly MixCause[];
}

/** A departure from the declared share as it was found. */
export interface MixAlarm {
  /** End of the hour that gave the alarm. */
  readonly at: EpochMs;
  /** When it began, as far as the sum tells. */
  readonly since: EpochMs;
  readonly causes: readonly MixCause[];
}

export interface MixClause {
  readonly tier: string;
  readonly bound: 'floor' | 'ceiling';
  readonly limit: number;
  readonly verdict: 'MET' | 'BREACHED' | 'UNKNOWN';
}

export interface MixCause {
  /** `none`: demoted without a rule. */
  readonly rule: string;
  readonly share: number;
  /** Share minus the declared or earlier one. */
  readonly excess: number;
  /** Poisson deviance of the excess, nats: by size alone, a large rule's noise would hide a small one's climb. */
  readonly evidence: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export function tierMix(rule: MixRule) {
  const {
    primary,
    demoted,
    bounds = {},
    rules,
    level,
    window = 7 * DAY,
    lateness = 2 * HOUR,
    confidence = 0.95,
  } = rule;
  const { h = 9, ratio = 1.5 } = rule;
  const cusum = binomialCusum({
    p0: demoted,
    p1: Math.min(demoted * ratio, demoted + 0.02, (1 + demoted) / 2),
    h,
  });
  const start: MixState = { hours: [], drift: cusum.start, folded: 0, since: 0, tooLate: 0 };

  const off = (hour: MixHour) => hour.n - (hour.tiers[primary] ?? 0);
  const fold = (state: MixState, until: EpochMs): MixState => {
    const { folded } = state;
    let { drift: sum, since } = state;
    for (const hour of state.hours) {
      if (hour.from < folded || hour.from >= until) continue;
      if (since === 0) since = hour.from;
      sum = cusum.step(sum, { events: off(hour), n: hour.n });
      if (sum.sum === 0) since = hour.from + HOUR;
    }
    return { ...state, drift: sum, folded: Math.max(folded, until), since };
  };

  /** The slow departure alone: all that a watch needs to know every hour, at a fraction of `read`'s cost. */
  const drift = (state: MixState): MixReading['drift'] => {
    const folded = fold(state, Number.POSITIVE_INFINITY);
    return { ...cusum.read(folded.drift), since: folded.since };
  };

  return {
    start,
    /** Counts an exchange. Exchanges may come out of order within `lateness`. */
    step(state: MixState, { at, served, rule: by, n = 1 }: Served): MixState {
      if (served === '') throw new StatsError('served', 'must name a tier');
      if (!Number.isSafeInteger(n) || n < 1)
        throw new StatsError('n', `must be a whole number ≥ 1, got ${n}`);
      const from = Math.floor(at / HOUR) * HOUR;
      if (from < state.folded) return { ...state, tooLate: state.tooLate + n };
      const last = state.hours.at(-1);
      let index = state.hours.length - 1;
      while (index >= 0 && (state.hours[index] as MixHour).from > from) index--;
      const found = state.hours[index];
      const known = found?.from === from ? found : undefined;
      const cause = by ?? (served === primary ? undefined : 'none');
      const hour: MixHour = {
        from,
        n: (known?.n ?? 0) + n,
        tiers: plus(known?.tiers, served, n),
        rules: cause === undefined ? (known?.rules ?? {}) : plus(known?.rules, cause, n),
      };
      const hours = state.hours.slice();
      if (known) hours[index] = hour;
      else hours.splice(index + 1, 0, hour);
      const next = { ...state, hours };
      if (last === undefined || from <= last.from) return next;
      // A new hour: what can no longer change is folded, what no window shows is dropped.
      const kept = fold(next, from - lateness + HOUR);
      const oldest = from - 2 * window;
      return hours[0] && hours[0].from < oldest
        ? { ...kept, hours: hours.filter((x) => x.from >= oldest) }
        : kept;
    },

    drift,

    /**
     * The last alarm in a history of whole hours, oldest first. The sum starts again after each: one that only ever grew would
     * still accuse a route long after it is mended.
     */
    lastAlarm(hours: readonly MixHour[]): MixAlarm | undefined {
      let sum = cusum.start;
      let since = 0;
      let found: { readonly last: number; readonly since: EpochMs } | undefined;
      hours.forEach((hour, last) => {
        if (since === 0) since = hour.from;
        sum = cusum.step(sum, { events: off(hour), n: hour.n });
        if (sum.sum === 0) since = hour.from + HOUR;
        if (!cusum.read(sum).alarm) return;
        found = { last, since };
        sum = cusum.start;
        since = 0;
      });
      if (!found) return undefined;
      const until = hours.slice(0, found.last + 1);
      return {
        at: (until.at(-1) as MixHour).from + HOUR,
        since: found.since,
        causes: causes(until, comparedFrom(until, found.since), rules),
      };
    },

    read(state: MixState, now: EpochMs): MixReading {
      const recent = state.hours.filter((x) => x.from > now - window && x.from <= now);
      const n = sum(recent, (x) => x.n);
      const away = sum(recent, off);
      const names = new Set([...Object.keys(bounds), ...recent.flatMap((x) => Object.keys(x.tiers))]);
      const count = (tier: string) => sum(recent, (x) => x.tiers[tier] ?? 0);
      return {
        n,
        tiers:
          n === 0
            ? {}
            : Object.fromEntries(
                [...names].map((tier) => [tier, clopperPearson(count(tier), n, confidence)]),
              ),
        ...(n === 0 ? {} : { demoted: clopperPearson(away, n, confidence) }),
        clauses: Object.entries(bounds).flatMap(([tier, { floor, ceiling }]) => [
          ...(floor === undefined ? [] : [clause(tier, 'floor', floor, count(tier), n, confidence)]),
          ...(ceiling === undefined ? [] : [clause(tier, 'ceiling', ceiling, count(tier), n, confidence)]),
        ]),
        drift: drift(state),
        level: level !== undefined && n > 0 && clopperPearsonLower(away, n, confidence) > level,
        causes: causes(state.hours, comparedFrom(state.hours, drift(state).since), rules),
      };
    },
  };
}

function clause(
  tier: string,
  bound: 'floor' | 'ceiling',
  limit: number,
  k: number,
  n: number,
  confidence: number,
): MixClause {
  const verdict = () => {
    if (n === 0) return 'UNKNOWN';
    const [lower, upper] = [clopperPearsonLower(k, n, confidence), clopperPearsonUpper(k, n, confidence)];
    if (bound === 'floor') return lower >= limit ? 'MET' : upper < limit ? 'BREACHED' : 'UNKNOWN';
    return upper <= limit ? 'MET' : lower > limit ? 'BREACHED' : 'UNKNOWN';
  };
  return { tier, bound, limit, verdict: verdict() };
}

/** The change time may lie an hour back, where noise alone tells rules apart: at least the last day is compared with what was before. */
const comparedFrom = (hours: readonly MixHour[], since: EpochMs): EpochMs =>
  Math.min(since, (hours.at(-1)?.from ?? 0) + HOUR - DAY);

function causes(
  hours: readonly MixHour[],
  since: EpochMs,
  declared: Readonly<Record<string, number>> | undefined,
): readonly MixCause[] {
  const after = hours.filter((x) => x.from >= since);
  const before = hours.filter((x) => x.from < since);
  const n = sum(after, (x) => x.n);
  const earlier = sum(before, (x) => x.n);
  if (n === 0) return [];
  return [...new Set(after.flatMap((x) => Object.keys(x.rules)))]
    .map((rule) => {
      const k = sum(after, (x) => x.rules[rule] ?? 0);
      const past = earlier === 0 ? 0 : sum(before, (x) => x.rules[rule] ?? 0) / earlier;
      const usual = declared ? (declared[rule] ?? 0) : past;
      // Half an exchange stands for a rule that never acted: nothing would make any first demotion infinitely strange.
      const expected = Math.max(0.5, n * usual);
      const evidence = k > expected ? k * Math.log(k / expected) - (k - expected) : 0;
      return { rule, share: k / n, excess: k / n - usual, evidence };
    })
    .sort((a, b) => b.evidence - a.evidence || (a.rule < b.rule ? -1 : 1));
}

/** Share of users most of whose exchanges were demoted: the mix as people meet it, which a mean over exchanges hides. */
export function demotedUsers(
  users: Iterable<{ readonly n: number; readonly demoted: number }>,
  confidence = 0.95,
): Estimate | undefined {
  let [n, most] = [0, 0];
  for (const user of users) {
    n++;
    if (user.demoted * 2 > user.n) most++;
  }
  return n === 0 ? undefined : clopperPearson(most, n, confidence);
}

const sum = <T>(list: readonly T[], of: (item: T) => number) =>
  list.reduce((total, item) => total + of(item), 0);
const plus = (counts: Readonly<Record<string, number>> = {}, name: string, n: number) => ({
  ...counts,
  [name]: (counts[name] ?? 0) + n,
});
