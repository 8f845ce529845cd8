import { Command } from 'commander';
import { type Drill, type DrillReport, type DrillResult, type DrillVerdict, drills, runDrill } from '#drills';
import { systemClock } from '#kernel';
import { CliError, EXIT, type Exit } from './exit.ts';
import { count, dollars, percent, span } from './format.ts';
import { whole } from './process.ts';
import { seedOf } from './sim.ts';
import { clip, pad, visible } from './table.ts';
import {
  bold,
  cyan,
  dim,
  green,
  interactive,
  type Paint,
  print,
  printJson,
  red,
  width,
  yellow,
} from './terminal.ts';

interface Flags {
  readonly all?: true;
  readonly off?: true;
  readonly quick?: true;
  readonly sockets?: true;
  readonly seed?: number;
  readonly seeds?: number;
  readonly json?: true;
}

export const drill = () =>
  new Command('drill')
    .description(
      'Rehearse a failure in a simulated world, in virtual time, and judge what Midwatch makes of it.',
    )
    .argument('[drills...]', `which, for instance F37; known: ${drills.map((d) => d.id).join(', ')}`)
    .option('--all', 'every drill')
    .option('--off', 'the baseline: what is seen without Midwatch')
    .option('--quick', 'fewer seeds and cases; what needs more data is left out')
    .option('--sockets', 'real sockets and real time, for drills in which the wire matters')
    .option('--seed <number>', 'first seed; alone it means this one seed', seedOf)
    .option('--seeds <number>', 'how many seeds', whole)
    .option('--json', 'print one JSON object a drill')
    .action(run);

async function run(names: readonly string[], flags: Flags): Promise<void> {
  const chosen = choose(names, flags);
  const clock = systemClock();
  const verdicts: DrillVerdict[] = [];
  for (const one of chosen) {
    const began = clock.monotonic();
    const progress = shown(one);
    const report = await runDrill(one, {
      off: flags.off === true,
      quick: flags.quick === true,
      sockets: flags.sockets === true,
      ...(flags.seed !== undefined && { seed: flags.seed, seeds: 1 }),
      ...(flags.seeds !== undefined && { seeds: flags.seeds }),
      progress,
    });
    progress();
    const ms = clock.monotonic() - began;
    verdicts.push(report.verdict);
    if (flags.json) printJson(asJson(report, ms, flags));
    else print(`${verdicts.length > 1 ? '\n' : ''}${table(report, ms, flags.sockets === true)}`);
  }
  process.exitCode = exitOf(verdicts);
}

function choose(names: readonly string[], { all, sockets }: Flags): readonly Drill[] {
  if (all && names.length > 0)
    throw new CliError('Name drills or say --all, not both.', 'midwatch drill --all', EXIT.usage);
  if (!all && names.length === 0)
    throw new CliError(
      'Which drill?',
      `midwatch drill ${drills[0]?.id ?? 'F37'}, or --all. Known: ${drills.map((d) => `${d.id} (${d.title})`).join(', ')}.`,
      EXIT.usage,
    );
  const chosen = all
    ? drills
    : names.map((name) => {
        const found = drills.find((d) => d.id === name.toUpperCase());
        if (found) return found;
        throw new CliError(
          `There is no drill ${name}.`,
          `Known: ${drills.map((d) => d.id).join(', ')}.`,
          EXIT.usage,
        );
      });
  if (!sockets) return chosen;
  const wired = chosen.filter((d) => d.sockets);
  if (wired.length === 0)
    throw new CliError(
      `${chosen.map((d) => d.id).join(', ')} says nothing about the wire, so it runs in virtual time only.`,
      `Leave --sockets out, or choose from ${drills
        .filter((d) => d.sockets)
        .map((d) => d.id)
        .join(', ')}.`,
      EXIT.usage,
    );
  return wired;
}

const exitOf = (verdicts: readonly DrillVerdict[]): Exit =>
  verdicts.includes('bad') ? EXIT.bad : verdicts.includes('unknown') ? EXIT.unknown : EXIT.good;

/** One line that rewrites itself, on a terminal alone. Called without a place it wipes itself away. */
function shown(one: Drill) {
  const live = process.stderr.isTTY === true && interactive();
  return (at?: {
    readonly scene: string;
    readonly seed: number;
    readonly done: number;
    readonly of: number;
  }): void => {
    if (!live) return;
    process.stderr.write(
      at
        ? `\r\u001b[K${dim(`${one.id}  ${SCENES[at.scene as DrillResult['scene']]}, seed ${at.seed}  ${at.done}/${at.of}`)}`
        : '\r\u001b[K',
    );
  };
}

const SCENES: Readonly<Record<DrillResult['scene'], string>> = {
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

function table(report: DrillReport, ms: number, sockets: boolean): string {
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

const finite = (x: number): number | null => (Number.isFinite(x) ? x : null);

const asJson = (report: DrillReport, ms: number, flags: Flags) => ({
  drill: report.drill.id,
  title: report.drill.title,
  side: report.side,
  verdict: report.verdict,
  seeds: report.seeds,
  quick: flags.quick === true,
  sockets: flags.sockets === true,
  simulatedMs: Math.round(report.simulatedMs),
  ms: Math.round(ms),
  results: report.results.map((r) => ({
    scene: r.scene,
    expectation: r.expectation.name,
    says: r.expectation.says,
    goal: r.expectation.goal,
    ...(r.expectation.declared !== undefined && { declared: r.expectation.declared }),
    unit: r.expectation.unit,
    measured: finite(r.value),
    low: finite(r.low),
    high: finite(r.high),
    n: r.n,
    verdict: r.verdict,
    ...(r.examples && { examples: r.examples }),
  })),
});
