import type { Store, WasteReport } from '#contracts';
import { textArray } from './arrays.ts';
import { NO_TRAFFIC } from './codes.ts';
import type { Database } from './connection.ts';

/** A window function over a month of somebody's tests: longer than a page may take, and asked for by a person. */
const PATIENCE_MS = 30_000;

/**
 * What was paid for questions that had been asked before in the window. Questions are told apart by the hashes of what they
 * consist of, so that no body is read: for `alike` the release stands for the envelope, since it knows the sampling and no names.
 */
export async function readWaste(
  database: Database,
  { from, to, whose }: Parameters<Store['waste']['read']>[0],
): Promise<WasteReport['rows']> {
  const rows = await database.patient<{
    route: string;
    model: string;
    n: number;
    usd: number;
    again: number;
    again_usd: number;
    alike: number;
    alike_usd: number;
  }>(
    `select route, model, count(*)::float8 as n, sum(usd)::float8 as usd,
           count(*) filter (where nth > 1)::float8 as again, coalesce(sum(usd) filter (where nth > 1), 0)::float8 as again_usd,
           count(*) filter (where nth_alike > 1)::float8 as alike,
           coalesce(sum(usd) filter (where nth_alike > 1), 0)::float8 as alike_usd
         from (
           select route, model, coalesce(micro_usd, 0) as usd, row_number() over (
             partition by route, model, protocol, ask_messages, ask_tools_body, ask_schema_body, ask_envelope
             order by at, id) as nth,
             row_number() over (
               partition by route, model, protocol, ask_messages, ask_tools_body, ask_schema_body, stream, release
               order by at, id) as nth_alike
           from exchanges
           where at >= $1::float8 and at < $2::float8 and source not in (${NO_TRAFFIC.join(', ')})
             and micro_usd > 0 and ask_messages is not null
             and (key = any($3::text[]) or tenant = any($4::text[]) or feature = any($5::text[]) or route = any($6::text[]))
         ) e group by route, model order by alike_usd desc, again_usd desc, route, model`,
    [
      from,
      to,
      textArray(whose.keys),
      textArray(whose.tenants),
      textArray(whose.features),
      textArray(whose.routes),
    ],
    PATIENCE_MS,
  );
  return rows.map(({ route, model, n, usd, again, again_usd, alike, alike_usd }) => ({
    route,
    model,
    exchanges: n,
    microUsd: usd,
    repeats: again,
    repeatsMicroUsd: again_usd,
    alike,
    alikeMicroUsd: alike_usd,
  }));
}
