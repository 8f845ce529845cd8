import type { EpochMs, MixConfig, TierCause, TierCount, TierFinding } from '#contracts';
import { percent, plural, span } from '#contracts/say';
import { cappedBurnPairs, clopperPearsonLower } from '#kernel/stats';
import { type MixAlarm, type MixHour, tierMix } from '#kernel/tiers';
import { HOUR } from './tally.ts';

const DAY = 24 * HOUR;
/** How far back the watch reads. */
export const LOOKS_BACK = 14 * DAY;
/** A drift that was found is told so long after it last was. */
const TOLD = 3 * DAY;
/** Without a floor this share of seven days is worth a word. */
const LEVEL = 0.01;
const CONFIDENCE = 0.95;
/** No mix is declared to be less than this far from perfect: one fallback in ten thousand is no drift. */
const LEAST = 1e-4;

/**
 * With 10,000 exchanges a day the threshold 9 of the mechanism lets 2 % of quiet quarters alarm at a declared share of 0.5 %,
 * and 5.5 % at 20 % (400 histories each); 10 keeps wide mixes at 2 % too, and finds a climb three hours later.
 */
const SMALL = 0.01;

/** Who sent an exchange to a fallback to see that it works. */
const EXERCISE = 'exercise';

/** What is promised of a route. */
export interface Promised {
  readonly route: string;
  readonly primary: string;
  readonly mix?: MixConfig;
}

/** The share that is declared not to be served by the first tier; undefined where nothing says so. */
export function declaredShare({ primary, mix }: Promised): number | undefined {
  const clause = mix?.[primary];
  const served = clause?.target ?? clause?.floor;
  return served === undefined ? undefined : Math.min(1 - LEAST, Math.max(LEAST, 1 - served));
}

/**
 * What is to be told of a route now. A function of hourly counts alone, so that whoever replays the record finds what was
 * found.
 */
export function findings(
  promised: Promised,
  counts: readonly TierCount[],
  now: EpochMs,
): readonly TierFinding[] {
  const own = counts.filter(({ route, at }) => route === promised.route && at > now - LOOKS_BACK);
  if (own.length === 0) return [];
  return [...level(promised, own, now), ...drift(promised, own, now)];
}

interface Share {
  readonly away: number;
  readonly n: number;
}

function shareOf(counts: readonly TierCount[], from: EpochMs): Share {
  let [away, n] = [0, 0];
  for (const { at, by, exchanges } of counts) {
    if (at < from) continue;
    n += exchanges;
    if (by !== undefined) away += exchanges;
  }
  return { away, n };
}

/** Counts come by the hour, so a window holds the running hour and the whole ones before it. */
const since = (now: EpochMs, span: number): EpochMs =>
  Math.floor(now / HOUR) * HOUR - (Math.max(1, Math.ceil(span / HOUR)) - 1) * HOUR;

function level(promised: Promised, counts: readonly TierCount[], now: EpochMs): readonly TierFinding[] {
  const { primary, mix } = promised;
  const { floor, target, owner } = mix?.[primary] ?? {};
  const tell = (more: Pick<TierFinding, 'level' | 'since' | 'says' | 'todo'>): readonly TierFinding[] => [
    { kind: 'level', ...more, ...(owner !== undefined && { owner }), causes: shares(counts, more.since) },
  ];
  // Who has run for two minutes says nothing of the hours before.
  const first = counts.reduce((least, { at }) => Math.min(least, at), now);
  const begun = (from: EpochMs): EpochMs => Math.max(from, first);
  const lasting = (window: number): string => span(Math.min(window, Math.max(HOUR, now - first)));
  if (floor !== undefined) {
    const budget = Math.max(LEAST, 1 - floor);
    for (const { factor, long, short } of cappedBurnPairs(budget)) {
      const limit = factor * budget;
      const [wide, narrow] = [shareOf(counts, since(now, long)), shareOf(counts, since(now, short))];
      if (narrow.n === 0 || narrow.away / narrow.n < limit) continue;
      if (clopperPearsonLower(wide.away, wide.n, CONFIDENCE) <= limit) continue;
      return tell({
        level: long >= 3 * DAY ? 'warn' : 'alarm',
        since: begun(since(now, long)),
        says: `${percent(wide.away / wide.n)} of ${plural(wide.n, 'exchange')} in ${lasting(long)} were not served by ${primary}; declared is at most ${percent(budget)}.`,
        todo: 'Take back what demotes most, or have the floor changed by whoever answers for it.',
      });
    }
    return [];
  }
  const allowed = Math.max(LEVEL, target === undefined ? 0 : 1 - target);
  const week = shareOf(counts, since(now, 7 * DAY));
  // An exercise is asked for by the route itself: advice to declare what is declared would stand there for ever.
  const unasked = shareOf(
    counts.filter(({ by }) => by !== EXERCISE),
    since(now, 7 * DAY),
  );
  if (unasked.n === 0 || clopperPearsonLower(unasked.away, unasked.n, CONFIDENCE) <= allowed) return [];
  return tell({
    level: mix ? 'warn' : 'note',
    since: begun(since(now, 7 * DAY)),
    says: `${percent(week.away / week.n)} of ${plural(week.n, 'exchange')} in ${lasting(7 * DAY)} were not served by ${primary}.`,
    todo: mix
      ? `Take back what demotes most, or declare it: \`mix.${primary}.floor\`.`
      : `Declare what is meant, with an owner: \`mix: { ${primary}: { floor: 0.98, owner: … } }\`.`,
  });
}

function drift(promised: Promised, counts: readonly TierCount[], now: EpochMs): readonly TierFinding[] {
  const demoted = declaredShare(promised);
  if (demoted === undefined) return [];
  const found = lastCrossing(promised.primary, demoted, counts);
  if (!found || found.at < now - TOLD) return [];
  const { owner } = promised.mix?.[promised.primary] ?? {};
  const after = shareOf(counts, found.since);
  const [first] = found.causes;
  return [
    {
      kind: 'drift',
      level: 'warn',
      since: found.since,
      says: `Since then ${percent(after.away / Math.max(1, after.n))} of ${after.n} exchanges were not served by ${promised.primary}; declared is ${percent(demoted)}.${first ? ` Most likely: ${first.rule}, ${percent(first.share)}.` : ''}`,
      todo: first?.rule.startsWith('demotion:')
        ? `Ask whether rule ${first.rule.slice('demotion:'.length)} still has to take so many; lower its maxShare, or declare the new mix.`
        : `Find out why ${promised.primary} is left more often, or declare the new mix.`,
      ...(owner !== undefined && { owner }),
      causes: found.causes.map(({ rule, share, excess }): TierCause => ({ rule, share, excess })),
    },
  ];
}

export function lastCrossing(
  primary: string,
  demoted: number,
  counts: readonly TierCount[],
): MixAlarm | undefined {
  return tierMix({ primary, demoted, h: demoted < SMALL ? 9 : 10 }).lastAlarm(hoursOf(primary, counts));
}

function hoursOf(primary: string, counts: readonly TierCount[]): readonly MixHour[] {
  const hours = new Map<
    EpochMs,
    { n: number; tiers: Record<string, number>; rules: Record<string, number> }
  >();
  for (const { at, tier, by, exchanges } of counts) {
    const hour = hours.get(at) ?? { n: 0, tiers: {}, rules: {} };
    hours.set(at, hour);
    // A tier renamed since is the first one all the same if it was meant and served.
    const served = by === undefined ? primary : tier;
    hour.n += exchanges;
    hour.tiers[served] = (hour.tiers[served] ?? 0) + exchanges;
    if (by !== undefined) hour.rules[by] = (hour.rules[by] ?? 0) + exchanges;
  }
  return [...hours].map(([from, hour]) => ({ from, ...hour })).sort((a, b) => a.from - b.from);
}

/** Who demoted how much, where nothing says since when it is more. */
function shares(counts: readonly TierCount[], from: EpochMs): readonly TierCause[] {
  const { n } = shareOf(counts, from);
  const rules = new Map<string, number>();
  for (const { at, by, exchanges } of counts)
    if (at >= from && by !== undefined) rules.set(by, (rules.get(by) ?? 0) + exchanges);
  return [...rules]
    .sort(([, a], [, b]) => b - a)
    .map(([rule, count]) => ({ rule, share: count / n, excess: count / n }));
}
