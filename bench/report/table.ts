/** A Markdown table; the first column is text, the others are numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** Three significant digits, thousands apart; a dash for what was not measured. */
export function number(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** Median with the smallest and the largest of the rounds. */
export function spread(values: readonly number[], median: (values: readonly number[]) => number): string {
  if (values.length === 0) return '–';
  const middle = number(median(values));
  return values.length === 1
    ? middle
    : `${middle} (${number(Math.min(...values))}–${number(Math.max(...values))})`;
}
