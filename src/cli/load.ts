import { Command, InvalidArgumentError } from 'commander';
import type { HoursView, WeatherView } from '#contracts';
import { count, percent, plural, span } from '#contracts/say';
import { LEVELS, type LoadLevel, type LoadWorld, loadTest, type Measured, QUEUE, TooMuchLoad } from '#drills';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { CliError, EXIT } from './exit.ts';
import { whole } from './process.ts';
import { table } from './table.ts';
import { bold, dim, green, print, printJson, red } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly contention: number;
  readonly target?: string;
  readonly rate: number;
  readonly minutes: number;
  readonly seeds: number;
  readonly servers: number;
  readonly json?: true;
}

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const NAMES = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
const MINUTE = 60_000;
/** What a prediction may be off by. */
const NEAR = 0.2;

export const load = () =>
  new Command('load')
    .description('What load does to a route, tried out in a simulated world.')
    .addCommand(
      withConnection(
        new Command('test')
          .description(
            'Latency when the provider is shared with strangers: calls of our own that do not wait for one another, through the gateway itself, in virtual time, behind a line that others stand in too. For 1×, 3× and 10× the wait that is normal for the hour: what is predicted, what is measured, and what is left of it with another target, limits by the hour and a concurrency limit. Exits 1 when a prediction is off by more than 20 %.',
          )
          .requiredOption('--contention <hour>', 'the hour of the provider: 9am, 14:00, "tue 9am"', hourOf)
          .option('--target <name>', 'provider/model whose learnt week is taken from the running gateway')
          .option('--rate <number>', 'our own calls per second', positive, 0.5)
          .option('--servers <number>', 'asks that the provider works on at once', whole, QUEUE.servers)
          .option('--minutes <number>', 'virtual minutes of each seed', whole, 60)
          .option('--seeds <number>', 'how many', whole, 4)
          .option('--json', 'print one JSON object a level'),
      ).action(run),
    );

async function run(flags: Flags): Promise<void> {
  const { world, says } = flags.target === undefined ? standIn(flags) : await learnt(flags, flags.target);
  const seeds = Array.from({ length: flags.seeds }, (_, i) => i + 1);
  const levels = await loadTest(world, { seeds, span: flags.minutes * MINUTE, held: true }).catch(
    (error: unknown) => {
      if (!(error instanceof TooMuchLoad)) throw error;
      throw new CliError(`${error.message}.`, 'Lower --rate, or raise --servers.', EXIT.usage);
    },
  );
  if (flags.json) for (const one of levels) printJson({ hour: flags.contention, ...world, ...one });
  else print(shown(levels, world, says));
  process.exitCode = levels.every(near) ? EXIT.good : EXIT.bad;
}

/** Nothing is known of a provider: an office day of a usual one. */
function standIn({ contention, rate, servers }: Flags): { world: LoadWorld; says: string } {
  const hour = contention % 24;
  const work = contention < 120 ? 0.9 * Math.exp(-((hour - 11) ** 2) / 18) : 0;
  const factor = 1 + work + 0.25 * Math.exp(-((hour - 20) ** 2) / 8);
  const [floor, median] = [180, 250];
  const wait = median * factor - floor;
  return {
    world: { own: { median: floor, sigma: 0.35 }, wait, rate, queue: { ...QUEUE, servers } },
    says: 'assumed, for no --target was named: first tokens of 250 ms at night, 1.9 times that at eleven on workdays',
  };
}

async function learnt(flags: Flags, target: string): Promise<{ world: LoadWorld; says: string }> {
  const slash = target.indexOf('/');
  if (slash < 1) throw new CliError(`"${target}" is no target.`, 'Write provider/model.', EXIT.usage);
  const [provider, model] = [target.slice(0, slash), target.slice(slash + 1)];
  const { midwatch } = await connect(flags);
  const [hours, weather] = await Promise.all([midwatch.hours({ provider, model }), midwatch.weather()]);
  const [week] = hours;
  const sky = weather.find((one) => one.provider === provider && one.model === model);
  if (!week || week.cells.length === 0)
    throw new CliError(
      `Nothing is known yet of the week of ${target}.`,
      'Leave --target out for a stand-in, or come back when the gateway has asked it for an hour.',
      EXIT.unknown,
    );
  return worldOf(flags, week, sky);
}

/** The cell of the hour, taken apart into what the asks need and what is waited for. */
function worldOf(flags: Flags, { cells, tokens }: HoursView, sky: WeatherView | undefined) {
  const cell = cells[flags.contention] as HoursView['cells'][number];
  const least = Math.min(...cells.map(({ p50 }) => p50));
  const size = tokens.to === undefined ? tokens.from : (tokens.from + tokens.to) / 2;
  const { floor, perToken = 0 } = sky?.normal ?? {};
  const need = Math.min(0.95 * cell.p50, floor === undefined ? 0.7 * least : floor + perToken * size);
  const sigma = Math.min(1, Math.log(cell.p95 / cell.p50) / 1.645);
  return {
    world: {
      own: { median: need, sigma },
      wait: cell.p50 - need,
      rate: flags.rate,
      queue: { ...QUEUE, servers: flags.servers },
    },
    says: `learnt from ${count(cell.n)} answers of this hour: ${span(cell.p50)} in the median, of which ${span(need)} are what the asks need`,
  };
}

const near = ({ predicted, measured }: LoadLevel): boolean =>
  Math.abs(predicted.p95 / measured.p95 - 1) <= NEAR;

function shown(levels: readonly LoadLevel[], world: LoadWorld, says: string): string {
  const rows = levels.map((one) => {
    const { times, use, others, predicted, measured, held } = one;
    const ratio = predicted.p95 / measured.p95;
    return [
      bold(`${times}×`),
      span(world.wait * times),
      `${percent(use)}, ${others.toFixed(1)}/s`,
      span(predicted.p50),
      span(predicted.p95),
      span(measured.p50),
      `${span(measured.p95)} [${span(measured.low)} to ${span(measured.high)}]`,
      (near(one) ? green : red)(`${ratio >= 1 ? '+' : '−'}${percent(Math.abs(ratio - 1))}`),
      held ? `${span(held.p95)}${lost(held)}` : '',
      `${count(measured.n)}${lost(measured)}`,
    ];
  });
  const titles = [
    'wait',
    'mean',
    'in use, by others',
    'p50 predicted',
    'p95 predicted',
    'p50 measured',
    'p95 measured',
    'off by',
    'p95 with a policy',
    'calls',
  ];
  return [
    `First tokens of ${plural(Math.round(world.rate * 3_600), 'call')} an hour; ${says}.`,
    table(
      titles.map((title) => ({ title })),
      rows,
    ),
    dim(
      `${LEVELS.join('×, ')}×: of the wait that is normal for the hour, made by strangers at ${world.queue.servers} servers of ${span(world.queue.service)} each. The interval is by the spread of the seeds. With a policy: a second target, timeouts.byHour and concurrency.`,
    ),
  ].join('\n\n');
}

const lost = ({ failed }: Measured): string => (failed > 0 ? red(`, ${count(failed)} unanswered`) : '');

/** 0 = Monday 00:00; without a day it is a Monday. */
export function hourOf(text: string): number {
  const found = /^(?:([a-z]{3})[a-z]*[ -]+)?(\d{1,2})(?::00)?\s*(am|pm)?$/i.exec(text.trim());
  const day = found?.[1] === undefined ? 0 : DAYS.indexOf(found[1].toLowerCase() as (typeof DAYS)[number]);
  const half = found?.[3]?.toLowerCase();
  const said = Number(found?.[2]);
  const hour = half === undefined ? said : (said % 12) + (half === 'pm' ? 12 : 0);
  if (!found || day < 0 || hour > 23 || (half !== undefined && (said < 1 || said > 12)))
    throw new InvalidArgumentError(`say an hour such as 9am, 14:00 or "${NAMES[1]} 9am".`);
  return 24 * day + hour;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('give a number above 0.');
  return value;
}
