import { day } from '../../parts/format.ts';

/** Neighbouring rows of one local day together, in the order in which they came. */
export const byDay = <T extends { readonly at: number }>(
  rows: readonly T[],
): readonly (readonly [string, readonly T[]])[] => {
  const days: [string, T[]][] = [];
  for (const row of rows) {
    const name = day(row.at);
    const last = days.at(-1);
    if (last && last[0] === name) last[1].push(row);
    else days.push([name, [row]]);
  }
  return days;
};
