import { SHADOW_GUARD, type ShadowPair, type Store, type Verdict } from '#contracts';
import { sources } from './codes.ts';
import type { Session } from './connection.ts';

/** What was found when copies were compared: it stands in the record of each copy, and is found by an index of copies alone. */
export async function shadowPairs(
  session: Session,
  { from, to, route, limit }: Parameters<Store['shadows']['pairs']>[0],
): Promise<readonly ShadowPair[]> {
  const rows = await session.query<{ verdicts: readonly Verdict[] | null }>(
    `select verdicts from exchanges
     where source = ${sources.code('shadow')} and at >= $1::float8 and at < $2::float8 and ($3::text is null or route = $3)
     order by at desc, id desc limit ${Math.floor(limit)}`,
    [from, to, route ?? null],
  );
  return rows.flatMap(({ verdicts }) => {
    const evidence = verdicts?.find(({ guard }) => guard === SHADOW_GUARD)?.evidence;
    return evidence === undefined ? [] : [JSON.parse(evidence) as ShadowPair];
  });
}
