import type { Session } from './connection.ts';
import { type ColumnType, CopyWriter, type Value } from './copy.ts';

/** A table as code sees it: which columns, of which type, in which order. */
export interface Table<Columns extends string> {
  readonly name: string;
  readonly columns: readonly Columns[];
  readonly types: readonly ColumnType[];
}

export type TableRow<Columns extends string> = Readonly<Record<Columns, Value>>;

export function defineTable<const C extends Readonly<Record<string, ColumnType>>>(
  name: string,
  columns: C,
): Table<Extract<keyof C, string>> {
  return {
    name,
    columns: Object.keys(columns) as Extract<keyof C, string>[],
    types: Object.values(columns),
  };
}

export async function copyRows<C extends string>(
  tx: Session,
  table: Table<C>,
  rows: readonly TableRow<C>[],
): Promise<void> {
  if (rows.length === 0) return;
  const writer = new CopyWriter(table.types, rows.length);
  const values: Value[] = new Array(table.columns.length);
  for (const row of rows) {
    for (let i = 0; i < values.length; i++) values[i] = row[table.columns[i] as C];
    writer.row(values);
  }
  await tx.copy(`${table.name} (${table.columns.join(', ')})`, writer.finish());
}
