import type { ExchangeRow } from '#contracts';
import type { Connection } from './connect.ts';

/** How much of the record was there. */
export interface Recorded {
  readonly rows: readonly ExchangeRow[];
  /** Older ones were left out. */
  readonly more: boolean;
}

const PAGE = 500;

/** The newest exchanges since a moment, at most so many, newest first. */
export async function recorded(
  midwatch: Connection['midwatch'],
  filter: { readonly from: number; readonly route?: string },
  most: number,
): Promise<Recorded> {
  const rows: ExchangeRow[] = [];
  let cursor: string | undefined;
  do {
    const page = await midwatch.exchanges.list({
      ...filter,
      limit: PAGE,
      ...(cursor !== undefined && { cursor }),
    });
    rows.push(...page.rows);
    cursor = page.next;
  } while (cursor !== undefined && rows.length < most);
  return { rows: rows.slice(0, most), more: cursor !== undefined || rows.length > most };
}
