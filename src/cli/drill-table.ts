import { count, dollars, percent, span } from '#contracts/say';
import type { DrillReport, DrillResult, DrillVerdict } from '#drills';
import { clip, pad, visible } from './table.ts';
import { bold, cyan, dim, green, type Paint, red, width, yellow } from './terminal.ts';

export const SCENES: Readonly<Record<DrillResult['scene'], string>> = {
  on: 'the fault, with Midwatch on watch',
  twin: 'the same without the fault',
  off: 'the fault, seen by status and latency alone',
};

const LOOKS: Readonly<Record<DrillVerdict, { readonly glyph: string; readonly paint: Paint }>> = {
  good: { glyph: '●', paint: green },
  bad: { glyph: '✗', paint: red },
  unknown: { glyph: '?', paint: yellow },
};

function value(unit: DrillResult['expectation']['unit'], x: number): string {
  if (!Number.isFinite(x)) return x > 0 ? '∞' : x < 0 ? '−∞' : '–';
  switch (unit) {
    case 'share':
      return x < 0 ? `−${percent(-x)}` : percent(x);
    case 'ms':
      return span(x);
    case 'usd':
      return dollars(x);
    default:
      return count(x);
  }
}

const UNITS: Readonly<Partial<Record<DrillResult['expectation']['unit'], string>>> = {
  exchanges: ' exchanges',
  attempts: ' attempts',
};

/** What must hold, in words short enough for a column. */
function wanted({ goal, unit }: DrillResult['expectation']): string {
  if (goal.kind === 'never') return 'never';
  const { atLeast, atMost } = goal;
  const low = atLeast === undefined ? '' : value(unit, atLeast);
  const high = atMost === undefined ? '' : value(unit, atMost);
  if (atLeast !== undefined && atLeast === atMost) return `= ${low}`;
  if (low && high) return `${low} to ${high}`;
  return low ? `≥ ${low}` : `≤ ${high}`;
}

function measured(r: DrillResult): string {
  const { unit, goal } = r.expectation;
  if (r.n === 0) return 'no data';
  if (goal.kind === 'never') return `${count(r.value)} of ${count(r.n)}`;
  const range =
    goal.kind === 'every' && r.low === r.high ? '' : ` (${value(unit, r.low)} to ${value(unit, r.high)})`;
  if (goal.kind === 'every')
    return `${r.low === r.high ? value(unit, r.value) : `${value(unit, r.low)} to ${value(unit, r.high)}`}${UNITS[unit] ?? ''}`;
  return `${value(unit, r.value)}${range}`;
}

/** What the n does not rule out: a clean sheet of ten is not one of ten thousand. */
const evidence = (r: DrillResult): string =>
  r.expectation.goal.kind === 'never' && r.n > 0
    ? `rate ${r.high < 0.0001 ? '' : '≤ '}${percent(r.high)}`
    : r.expectation.goal.kind === 'every'
      ? `${count(r.n)} ${r.n === 1 ? 'seed' : 'seeds'}`
      : `n ${count(r.n)}`;

/** Expectation, what was wanted, what was measured, on what evidence. */
export function drillTable(report: DrillReport, ms: number, sockets: boolean): string {
  const { drill: one, results, seeds, verdict, simulatedMs } = report;
  const cells = results.map((r) => ({
    r,
    wanted: wanted(r.expectation),
    measured: measured(r),
    evidence: evidence(r),
  }));
  const most = (of: (c: (typeof cells)[number]) => string) =>
    Math.max(0, ...cells.map((c) => visible(of(c))));
  const columns = {
    wanted: most((c) => c.wanted),
    measured: most((c) => c.measured),
    evidence: most((c) => c.evidence),
  };
  const says = Math.max(
    30,
    Math.min(
      most((c) => c.r.expectation.says),
      width() - columns.wanted - columns.measured - columns.evidence - 10,
    ),
  );
  const lines: string[] = [`${bold(cyan(one.id))}  ${bold(one.title)}`, dim(one.world)];
  let scene: string | undefined;
  for (const { r, ...c } of cells) {
    if (r.scene !== scene)
      lines.push(
        '',
        `${bold(SCENES[r.scene])}`,
        dim(
          `  ${pad('expectation', says + 2)}  ${pad('wanted', columns.wanted)}  ${pad('measured', columns.measured)}  evidence`,
        ),
      );
    scene = r.scene;
    const { glyph, paint } = LOOKS[r.verdict];
    const [first = '', ...rest] = wrap(r.expectation.says, says);
    lines.push(
      `  ${paint(glyph)} ${pad(first, says)}  ${pad(c.wanted, columns.wanted)}  ${r.verdict === 'good' ? pad(c.measured, columns.measured) : bold(paint(pad(c.measured, columns.measured)))}  ${dim(c.evidence)}${r.expectation.declared === undefined ? '' : dim(`, declared ${r.expectation.declared}`)}`.trimEnd(),
      ...rest.map((more) => `    ${more}`),
      ...(r.examples ?? []).map((example) => paint(`      ${clip(example, Math.max(40, width() - 8))}`)),
    );
  }
  const { glyph, paint } = LOOKS[verdict];
  lines.push(
    '',
    `${bold(paint(`${glyph} ${verdict}`))}  ${dim(`${count(results.length)} expectations, seeds ${seeds[0]} to ${seeds.at(-1)}, ${sockets ? `${span(ms)} on real sockets` : `${span(simulatedMs)} simulated in ${span(ms)}`}`)}`,
    ...(report.side === 'off' && verdict === 'good'
      ? [dim('Status and latency stay green: nobody is told.')]
      : []),
  );
  return lines.join('\n');
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && visible(line) + 1 + visible(word) > columns) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return [...lines, line];
}
