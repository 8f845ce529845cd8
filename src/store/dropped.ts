import type { Dropped, SystemView } from '#contracts';
import type { Session } from './connection.ts';
import { type Day, isoDay } from './day.ts';
import type { Partition } from './partitions.ts';
import { present } from './parts.ts';

/** Lines shown; the sums are over all. */
const SHOWN = 50;

/** Writes down what is about to be dropped, in the transaction that drops it: the trail and the loss come together or not at all. */
export async function declareDropped(
  tx: Session,
  { table, name, day, bytes }: Partition & { readonly bytes: number },
  at: number,
): Promise<void> {
  // What a late writer adds between the count and the drop would go undeclared. The parent first, as every writer locks.
  await tx.script(`lock table only ${table}, only ${name} in access exclusive mode`);
  const exchanges = table === 'exchanges' ? `(select count(*) from ${name})` : 'null';
  await tx.query(
    `insert into dropped (at, relation, day, bytes, exchanges) values ($1, $2, $3, $4, ${exchanges})`,
    [at, table, day, bytes],
  );
}

/** Undefined as long as the budget has cost nothing. */
export async function droppedSoFar(session: Session): Promise<SystemView['retention']['dropped']> {
  const rows = await session.query<{
    at: number;
    relation: string;
    day: Day;
    bytes: number;
    exchanges: number | null;
    all_bytes: number;
    all_exchanges: number;
  }>(
    `select at, relation, day, bytes::float8 as bytes, exchanges::float8 as exchanges,
            sum(bytes) over ()::float8 as all_bytes, coalesce(sum(exchanges) over (), 0)::float8 as all_exchanges
     from dropped order by at desc, day desc, relation limit ${SHOWN}`,
  );
  const [first] = rows;
  if (!first) return undefined;
  return {
    exchanges: first.all_exchanges,
    bytes: first.all_bytes,
    days: rows.map(
      ({ at, relation, day, bytes, exchanges }): Dropped => ({
        at,
        day: isoDay(day),
        table: relation,
        bytes,
        ...present({ exchanges }),
      }),
    ),
  };
}
