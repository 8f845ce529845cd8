import type { SystemView } from '@midwatch/contracts';

export type Partition = NonNullable<SystemView['database']['partitions']>[number];

export interface DayTable {
  readonly tables: readonly string[];
  /** Newest first; `bytes` in the order of `tables`, absent where a day has no such partition. */
  readonly days: readonly {
    readonly day: string;
    readonly bytes: readonly (number | undefined)[];
    readonly total: number;
  }[];
}

export const dayTable = (partitions: readonly Partition[]): DayTable => {
  const tables = [...new Set(partitions.map((each) => each.table))].sort();
  const days = [...new Set(partitions.map((each) => each.day))].sort().reverse();
  return {
    tables,
    days: days.map((day) => {
      const bytes = tables.map((table) => {
        const found = partitions.filter((each) => each.day === day && each.table === table);
        return found.length === 0 ? undefined : found.reduce((sum, each) => sum + each.bytes, 0);
      });
      return { day, bytes, total: bytes.reduce<number>((sum, size) => sum + (size ?? 0), 0) };
    }),
  };
};
