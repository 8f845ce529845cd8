import type { ExchangeRow } from '@midwatch/contracts';

/**
 * The list as it was last seen, so that an opened exchange knows the next and the one before, and the way back leads to
 * the same line. It lives as long as the tab; a permalink works without it.
 */
export interface Listed {
  readonly search: string;
  readonly ids: readonly string[];
  readonly chosen?: string;
  readonly scroll: number;
}
let listed: Listed | undefined;
export const lastListed = (): Listed | undefined => listed;
export const keepListed = (next: Listed): void => {
  listed = next;
};

export const beside = (id: string, by: 1 | -1): string | undefined => {
  const at = listed?.ids.indexOf(id) ?? -1;
  return at < 0 ? undefined : listed?.ids[at + by];
};

/** Live rows in front of loaded ones, newest first, none twice, no more than a tab should hold. */
export const mergeLive = (
  fresh: readonly ExchangeRow[],
  known: readonly ExchangeRow[],
  most = 2_000,
): readonly ExchangeRow[] => {
  const ids = new Set(known.map((row) => row.id));
  const added: ExchangeRow[] = [];
  for (const row of fresh) {
    if (ids.has(row.id)) continue;
    ids.add(row.id);
    added.push(row);
  }
  if (added.length === 0) return known;
  // By id: a UUIDv7 sorts by time and then always the same way, so lines never change places.
  return [...added, ...known].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, most);
};
