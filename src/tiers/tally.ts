import { type EpochMs, type ExchangeFacts, inMix, type TierCount } from '#contracts';

export const HOUR = 3_600_000;
/** As far back as the watch looks, and a day. */
const KEPT = 15 * 24 * HOUR;

/** By hour and by what was served; the oldest hour first. */
type Hours = Map<EpochMs, Map<string, number>>;

/** Counts of one route as plain data. */
export type TallySnapshot = Readonly<
  Record<string, readonly (readonly [EpochMs, readonly (readonly [string, number])[]])[]>
>;

/**
 * What this process itself served by which tier, hour by hour: what the record is recounted against, and what is looked at
 * while the database is away. Kept beyond a restart.
 */
export class Tally {
  private readonly routes = new Map<string, Hours>();

  add({ source, route, at, tier, attempts }: ExchangeFacts): void {
    const { intended, served, demotedBy = '', reason = '' } = tier;
    if (!inMix(source, attempts.length, served !== intended)) return;
    const hours = this.of(route);
    const hour = Math.floor(at / HOUR) * HOUR;
    let counts = hours.get(hour);
    if (counts === undefined) {
      counts = new Map();
      hours.set(hour, counts);
      for (const old of hours.keys()) if (old < hour - KEPT) hours.delete(old);
    }
    // NUL is the one character that no name holds.
    const key = served === intended ? served : `${served}\0${demotedBy}\0${reason}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }

  read({ from, to, route: only }: { from: EpochMs; to: EpochMs; route?: string }): readonly TierCount[] {
    return [...this.routes].flatMap(([route, hours]) =>
      only !== undefined && route !== only
        ? []
        : [...hours].flatMap(([at, counts]) =>
            at < from || at >= to
              ? []
              : [...counts].map(([key, exchanges]) => ({ at, route, ...named(key), exchanges })),
          ),
    );
  }

  snapshot(): TallySnapshot {
    return Object.fromEntries(
      [...this.routes].map(([route, hours]) => [route, [...hours].map(([at, counts]) => [at, [...counts]])]),
    );
  }

  restore(snapshot: TallySnapshot): void {
    for (const [route, hours] of Object.entries(snapshot))
      this.routes.set(route, new Map(hours.map(([at, counts]) => [at, new Map(counts)])));
  }

  private of(route: string): Hours {
    const known = this.routes.get(route) ?? new Map();
    this.routes.set(route, known);
    return known;
  }
}

function named(key: string): Pick<TierCount, 'tier' | 'by' | 'reason'> {
  const [tier = '', by, reason] = key.split('\0');
  return { tier, ...(by !== undefined && { by }), ...(reason && { reason }) };
}
