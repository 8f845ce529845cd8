import { Command } from 'commander';
import { type Drill, type DrillReport, type DrillResult, type DrillVerdict, drills, runDrill } from '#drills';
import { systemClock } from '#kernel';
import { drillTable, SCENES } from './drill-table.ts';
import { CliError, EXIT, type Exit } from './exit.ts';
import { whole } from './process.ts';
import { seedOf } from './sim.ts';
import { dim, interactive, print, printJson } from './terminal.ts';

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
    else print(`${verdicts.length > 1 ? '\n' : ''}${drillTable(report, ms, flags.sockets === true)}`);
  }
  process.exitCode = exitOf(verdicts);
}

function choose(names: readonly string[], { all, sockets }: Flags): readonly Drill[] {
  if (all && names.length > 0)
    throw new CliError('Name drills or say --all, not both.', 'midwatch drill --all', EXIT.usage);
  if (!all && names.length === 0)
    throw new CliError(
      'Which drill?',
      `\`midwatch drill ${drills[0]?.id ?? 'F37'}\`, or --all. Known:${drills.map((d) => `\n    ${d.id}  ${d.title}`).join('')}`,
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
