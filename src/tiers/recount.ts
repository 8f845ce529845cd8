import type { EpochMs, TierCount, TierFinding } from '#contracts';
import { percent } from '#contracts/say';
import { HOUR } from './tally.ts';
import type { Promised } from './watch.ts';

/** Shares that differ by more are a finding: 0.1 points. */
const POINTS = 0.001;
const LOOKS_BACK = 24 * HOUR;

/**
 * The record against this process's own counters, over the last day's hours that are over and stored. Where the record has
 * more, other gateways write into it, or a crash took the counters' last seconds: then nothing is judged. `late` says how far
 * the record is behind, milliseconds.
 */
export function recount(
  { route, primary, mix }: Promised,
  stored: readonly TierCount[],
  counted: readonly TierCount[],
  now: EpochMs,
  late: number,
): readonly TierFinding[] {
  const until = Math.floor((now - late) / HOUR) * HOUR;
  const from = until - LOOKS_BACK;
  const [record, own] = [stored, counted].map((counts) => byHour(counts, route, from, until));
  let [n, away, storedN, storedAway] = [0, 0, 0, 0];
  for (const [at, mine] of own as Hours) {
    const theirs = (record as Hours).get(at) ?? { n: 0, away: 0 };
    if (theirs.n > mine.n) continue;
    n += mine.n;
    away += mine.away;
    storedN += theirs.n;
    storedAway += theirs.away;
  }
  if (n === 0) return [];
  const share = storedN === 0 ? 0 : storedAway / storedN;
  if (Math.abs(away / n - share) <= POINTS && storedN >= n * (1 - POINTS)) return [];
  const { owner } = mix?.[primary] ?? {};
  return [
    {
      kind: 'recount',
      level: 'alarm',
      since: from,
      says: `This gateway counted ${percent(away / n)} of ${n} exchanges not served by ${primary}; the record has ${percent(share)} of ${storedN}.`,
      todo: 'Look at `midwatch doctor`: exchanges that were not recorded, or a database that was restored from before, make every number of the mix untrue.',
      ...(owner !== undefined && { owner }),
      causes: [],
    },
  ];
}

type Hours = ReadonlyMap<EpochMs, { readonly n: number; readonly away: number }>;

function byHour(counts: readonly TierCount[], route: string, from: EpochMs, until: EpochMs): Hours {
  const hours = new Map<EpochMs, { n: number; away: number }>();
  for (const { route: of, at, by, exchanges } of counts) {
    if (of !== route || at < from || at >= until) continue;
    const hour = hours.get(at) ?? { n: 0, away: 0 };
    hour.n += exchanges;
    if (by !== undefined) hour.away += exchanges;
    hours.set(at, hour);
  }
  return hours;
}
