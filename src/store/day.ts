/** Days of event time, UTC, as whole numbers since 1970-01-01: the unit in which data is kept and dropped. */
export type Day = number;

export const DAY_MS = 86_400_000;

export const dayOf = (at: number): Day => Math.floor(at / DAY_MS);
export const startOf = (day: Day): number => day * DAY_MS;

/** `2026-01-05`. */
export const isoDay = (day: Day): string => new Date(startOf(day)).toISOString().slice(0, 10);

/** `20260105`, as the names of partitions end. */
export const daySuffix = (day: Day): string => isoDay(day).replaceAll('-', '');

export function parseDaySuffix(suffix: string): Day | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)$/.exec(suffix);
  if (!match) return undefined;
  return dayOf(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])));
}
