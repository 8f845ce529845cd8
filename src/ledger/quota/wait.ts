import type { EpochMs } from '#contracts';
import type { Limit } from './limits.ts';

export interface WaitQuestion {
  readonly limit: Pick<Limit, 'rate' | 'depth' | 'endsAt'>;
  readonly level: number;
  /** Waiting before our turn: in lanes above, and in our own. */
  readonly before: { readonly above: number; readonly own: number };
  readonly amount: number;
  /** Left for the lanes above. */
  readonly leave: number;
  /** What the lanes above use per millisecond. */
  readonly above: number;
  /** Share that our lane gets in any case. */
  readonly floor: number;
  /** Share that it gets at most: lanes above that are silent now may speak up before the promise is due. */
  readonly most: number;
  /** What kept places need at an instant. */
  readonly needed: (at: EpochMs) => number;
  /** Whether any place is kept, and what all of them together need. */
  readonly kept: boolean;
  readonly promised: () => number;
  readonly now: EpochMs;
}

/** Rounds of looking for a gap between kept places. Each is later than the one before, and nearer to a gap. */
const ROUNDS = 12;
/** A lane that gets nothing would wait for ever; nobody is told so. */
const LEAST = 0.01;

/**
 * Milliseconds until a newcomer can be served, by whichever comes first: his lane's rank, t = (all before + need − level) /
 * min(rate − above, most·rate), or its floor, t = (own before + amount) / (floor·rate); moved on until no kept place is touched.
 */
export function waitOf(q: WaitQuestion): number {
  const { rate, depth, endsAt } = q.limit;
  const all = q.before.above + q.before.own;
  const short = all + Math.min(q.amount + q.leave, depth) - q.level;
  if (rate === 0) {
    const lacking = short + q.promised() > 1e-6;
    return lacking ? Math.max(1, (endsAt ?? q.now + 86_400_000) - q.now) : 0;
  }
  if (short <= 1e-6 && !q.kept) return 0;
  const ranked = Math.max(Math.min(rate - q.above, rate * q.most), rate * LEAST);
  const floored = rate * q.floor;
  const byRank = Math.max(0, short / ranked);
  const byFloor =
    floored > 0
      ? (q.before.own + q.amount) / floored + Math.max(0, (q.amount - q.level) / rate)
      : Number.POSITIVE_INFINITY;
  const [start, ahead, ours] = byRank <= byFloor ? [byRank, all, ranked] : [byFloor, q.before.own, floored];
  if (!q.kept) return Math.ceil(start - 1e-6);
  let ms = start;
  for (let round = 0; round < ROUNDS; round++) {
    const lacking = q.needed(q.now + ms) + ahead + q.amount - (q.level + ours * ms);
    if (lacking <= 1e-6) return Math.ceil(ms);
    ms += lacking / ours;
  }
  return Math.ceil(ms);
}
