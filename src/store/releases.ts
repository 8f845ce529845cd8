import type { Axes, ReleaseId } from '#contracts';
import { plainArray, textArray } from './arrays.ts';
import type { Cleaner } from './clean.ts';
import type { Session } from './connection.ts';
import { type Day, dayOf } from './day.ts';
import { Known } from './known.ts';

export interface Seen {
  readonly id: ReleaseId;
  readonly axes: Axes;
  readonly at: number;
}

/** Writes each release once, and once a day that it is still in use, so that retention knows what nobody needs. */
export class ReleaseWriter {
  readonly #known = new Known<string>(10_000);

  async write(tx: Session, batch: readonly Seen[], clean: Cleaner): Promise<() => void> {
    const fresh = new Map<string, Seen>();
    for (const seen of batch) {
      const key = keyOf(seen.id, dayOf(seen.at));
      if (!this.#known.has(key) && !fresh.has(key)) fresh.set(key, seen);
    }
    if (fresh.size > 0) {
      // Once each: an upsert may not meet the same row twice.
      const byId = new Map<ReleaseId, { axes: Axes; first: number; last: number }>();
      for (const { id, axes, at } of fresh.values()) {
        const one = byId.get(id);
        byId.set(id, { axes, first: Math.min(at, one?.first ?? at), last: Math.max(at, one?.last ?? at) });
      }
      const rows = [...byId].sort(([a], [b]) => (a < b ? -1 : 1));
      await tx.query(
        `insert into releases (id, axes, first_seen, last_seen)
         select * from unnest($1::uuid[], $2::json[], $3::float8[], $4::float8[])
         on conflict (id) do update set
           first_seen = least(releases.first_seen, excluded.first_seen),
           last_seen = greatest(releases.last_seen, excluded.last_seen)`,
        [
          plainArray(rows.map(([id]) => id)),
          textArray(rows.map(([, one]) => clean.json(one.axes))),
          plainArray(rows.map(([, one]) => one.first)),
          plainArray(rows.map(([, one]) => one.last)),
        ],
      );
    }
    return () => {
      for (const key of fresh.keys()) this.#known.add(key);
    };
  }
}

const keyOf = (id: ReleaseId, day: Day) => `${id}@${day}`;

export async function readAxes(session: Session, release: ReleaseId): Promise<Axes> {
  const [row] = await session.query<{ axes: Axes }>('select axes from releases where id = $1::uuid', [
    release,
  ]);
  return row?.axes ?? {};
}
