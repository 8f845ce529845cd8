import { passes, type Row, type Section } from './lib.ts';

export interface Done {
  readonly section: Section;
  readonly rows: readonly Row[];
  readonly seconds: number;
}

function figure(x: number | undefined, unit: Row['unit']): string {
  if (x === undefined) return '';
  if (unit === '%') return `${(100 * x).toFixed(Math.abs(x) < 0.0995 ? 2 : 1)} %`;
  const digits = Math.abs(x) >= 100 ? 0 : Math.abs(x) >= 10 ? 1 : 2;
  return `${x.toFixed(digits)}${unit ? ` ${unit}` : ''}`;
}

const HOW: Record<Row['judge'], string> = {
  delay: '±10 %',
  share: 'binomial',
  bound: '≤',
  most: '≤',
  shown: '',
};

export function sectionTable({ section, rows, seconds }: Done): string {
  const lines = rows.map((row) => {
    const verdict = passes(row);
    const mark = verdict === undefined ? '' : verdict ? 'yes' : '**no**';
    const error = row.error === undefined ? '' : ` ± ${figure(row.error, row.unit)}`;
    return `| ${row.name} | ${figure(row.measured, row.unit)}${error} | ${HOW[row.judge]} ${figure(row.expected, row.unit)} | ${mark} | ${row.why ?? ''} |`;
  });
  return [
    `## ${section.title}`,
    '',
    section.model,
    '',
    '| figure | measured | expected | holds | note |',
    '|---|---|---|---|---|',
    ...lines,
    '',
    `(${seconds.toFixed(1)} s)`,
    '',
  ].join('\n');
}

export function report(done: readonly Done[], seconds: number, findings: string): string {
  const judged = done
    .flatMap(({ section, rows }) => rows.map((row) => ({ section, row, verdict: passes(row) })))
    .filter(({ verdict }) => verdict !== undefined);
  const failed = judged.filter(({ verdict }) => !verdict);
  return [
    '# Statistics: what is promised and what was measured',
    '',
    'Written by `bun bench/stats.ts`; every number comes from a seeded simulation of the model stated above its table. A delay holds within 10 % or',
    'twice the combined standard error (the expected figures are simulations too; whole days may round by one), a share within three combined binomial errors, a bound (≤) up to two',
    'binomial errors, speed and size without allowance.',
    '',
    `${judged.length - failed.length} of ${judged.length} judged figures hold; whole run ${Math.round(seconds)} s on two threads.`,
    '',
    '## Figures that do not hold',
    '',
    ...(failed.length === 0
      ? ['None.']
      : failed.map(
          ({ section, row }) =>
            `- ${section.title} – ${row.name}: ${figure(row.measured, row.unit)} against ${figure(row.expected, row.unit)}`,
        )),
    '',
    findings,
    '',
    ...done.map(sectionTable),
  ].join('\n');
}
