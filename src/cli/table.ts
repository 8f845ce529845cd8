import { dim, interactive, width } from './terminal.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Left out where the terminal is too narrow for all: the highest first, and without one never. */
  readonly spare?: number;
}

/** Characters on a screen: without colours, two for wide scripts and emoji. */
export const visible = (text: string): number => Bun.stringWidth(text);

/** To a width on the screen; colours in it do not count. */
export function pad(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const room = ' '.repeat(Math.max(0, columns - visible(text)));
  return align === 'right' ? room + text : text + room;
}

/** Cut to a width with an ellipsis. Takes text without colours. */
export function clip(text: string, columns: number): string {
  if (visible(text) <= columns) return text;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (visible(kept) + visible(segment) > columns - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Rows under dim titles, two spaces between columns; a title is left out when its column is empty throughout. `room`: columns of the screen. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  room = interactive() ? width() : Number.POSITIVE_INFINITY,
): string {
  const used = columns.map((_, i) => rows.some((row) => visible(row[i] ?? '') > 0));
  const widths = columns.map(({ title }, i) =>
    Math.max(visible(title), ...rows.map((row) => visible(row[i] ?? ''))),
  );
  const needed = () => widths.reduce((sum, one, i) => (used[i] ? sum + one + 2 : sum), -2);
  const spared = columns
    .map(({ spare }, i) => ({ spare, i }))
    .filter(({ spare, i }) => spare !== undefined && used[i])
    .sort((a, b) => (b.spare ?? 0) - (a.spare ?? 0));
  for (const { i } of spared) if (needed() > room) used[i] = false;
  const line = (cells: readonly string[]) =>
    cells
      .flatMap((cell, i) => (used[i] ? [pad(cell, widths[i] ?? 0, columns[i]?.align)] : []))
      .join('  ')
      .trimEnd();
  return [dim(line(columns.map((c) => c.title))), ...rows.map(line)].join('\n');
}

/** `name  value` lines, values under each other. */
export function facts(pairs: readonly (readonly [string, string | undefined])[]): string {
  const shown = pairs.filter(
    (pair): pair is readonly [string, string] => pair[1] !== undefined && pair[1] !== '',
  );
  const most = Math.max(0, ...shown.map(([name]) => visible(name)));
  return shown.map(([name, value]) => `${dim(pad(name, most))}  ${value}`).join('\n');
}
