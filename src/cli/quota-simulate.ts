import { Command, Option } from 'commander';
import { type LoadCall, loadConfig, type QuotaForecast, type SimulatedFate, simulateLoad } from '#app';
import { LANES } from '#contracts';
import { count, percent, span } from '#contracts/say';
import { systemClock } from '#kernel';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { CliError, EXIT, type Exit } from './exit.ts';
import { durationFlag, positive, shareOf } from './flags.ts';
import { loadGiven, loadOf } from './quota-load.ts';
import { recorded } from './recorded.ts';
import { table } from './table.ts';
import { bold, dim, green, print, printJson, red, yellow } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly since: number;
  readonly times: number;
  readonly most: number;
  readonly requests?: number;
  readonly provider?: string;
  readonly model: string;
  readonly tokensIn: number;
  readonly tokensOut: number;
  readonly minutes: number;
  readonly tenants: number;
  readonly interactive: number;
  readonly batch: number;
  readonly patience: number;
  readonly seed: number;
  readonly config?: string;
  readonly json?: true;
}

export const simulate = () =>
  withConnection(new Command('simulate'))
    .description(
      'What the quotas of midwatch.yaml would do to the traffic of the last day, several times over, or to a given load: who is let through, waits or is sent away, by lane and tenant, and which limit binds. The real ledger on a clock of its own; nobody is asked. Exits 1 when callers are sent away, 3 when no quota counts any of the calls.',
    )
    .addOption(durationFlag('--since <duration>', 'how much of the record', '1d'))
    .option('--times <n>', 'so many times the traffic of the record', positive, 1)
    .option('--most <n>', 'exchanges of the record that are read, the newest', positive, 20_000)
    .option('--requests <per minute>', 'a given load instead of the record', positive)
    .option('--provider <name>', 'whose limits it meets (default: the only one with a quota)')
    .option('--model <name>', 'of the given load', 'model')
    .option('--tokens-in <n>', 'of the given load, mean', positive, 1_000)
    .option('--tokens-out <n>', 'of the given load, mean', positive, 200)
    .option('--minutes <n>', 'of the given load', positive, 10)
    .option('--tenants <n>', 'of the given load, as many calls from each', positive, 1)
    .option('--interactive <share>', 'of the callers in the lane that goes first', shareOf, 0)
    .option('--batch <share>', 'of the callers in the lane that goes last', shareOf, 0)
    .addOption(
      durationFlag(
        '--patience <duration>',
        'that a caller has for waiting and answer; batch three times it',
        '15s',
      ),
    )
    .option('--seed <n>', 'of the chance in it', positive, 1)
    .addOption(new Option('-c, --config <file>', 'configuration file (default: midwatch.yaml if it exists)'))
    .option('--json', 'print one JSON object')
    .action(async (flags: Flags) => {
      const { config } = loadConfig({
        cwd: process.cwd(),
        env: process.env,
        ...(flags.config !== undefined && { file: flags.config }),
      });
      const limited = Object.keys(config.providers).filter((name) => config.providers[name]?.quota);
      if (limited.length === 0)
        throw new CliError(
          'No provider of this configuration has a quota.',
          'Write `quota:` under it in midwatch.yaml, for instance `quota: { requestsPerMinute: 600 }`.',
          EXIT.usage,
        );
      if (flags.interactive + flags.batch > 1)
        throw new CliError(
          '--interactive and --batch are more than everybody.',
          'Give shares that add up to 1 at most.',
          EXIT.usage,
        );
      const { calls, told } =
        flags.requests === undefined
          ? await fromRecord(flags)
          : { calls: given(flags, flags.requests, limited), told: undefined };
      const { interactive, batch } = { interactive: flags.patience, batch: 3 * flags.patience };
      const forecast = await simulateLoad(config, calls, { interactive, normal: interactive, batch });
      if (flags.json) printJson({ ...forecast, ...(told && { record: told }) });
      else print(said(forecast, told));
      process.exitCode = verdict(forecast);
    });

/** How much of the record was there. */
interface Told {
  readonly exchanges: number;
  /** Older ones were left out. */
  readonly more: boolean;
}

async function fromRecord(flags: Flags): Promise<{ calls: readonly LoadCall[]; told: Told }> {
  const { midwatch } = await connect(flags);
  const { rows, more } = await recorded(midwatch, { from: systemClock().now() - flags.since }, flags.most);
  const { times, seed } = flags;
  return { calls: loadOf(rows, { times, seed, lanes: flags }), told: { exchanges: rows.length, more } };
}

function given(flags: Flags, perMinute: number, limited: readonly string[]): readonly LoadCall[] {
  const provider = flags.provider ?? (limited.length === 1 ? limited[0] : undefined);
  if (provider === undefined || !limited.includes(provider))
    throw new CliError(
      provider === undefined ? 'Several providers have a quota.' : `Provider "${provider}" has no quota.`,
      `Name one with --provider: ${limited.join(', ')}.`,
      EXIT.usage,
    );
  return loadGiven({ ...flags, provider, perMinute: perMinute * flags.times, lanes: flags });
}

const verdict = ({ all }: QuotaForecast): Exit =>
  all.asked === 0 ? EXIT.unknown : all.refused > 0 ? EXIT.bad : EXIT.good;

function said({ spanMs, all, lanes, tenants, scopes, unlimited }: QuotaForecast, told?: Told): string {
  const free = unlimited > 0 ? `${count(unlimited)} calls that no quota counts are let through` : '';
  const record = told
    ? `${count(told.exchanges)} exchanges of the record${told.more ? ', the newest of more (--most)' : ''}`
    : '';
  if (all.asked === 0) return [yellow('no call meets a quota'), record, free].filter(Boolean).join('; ');
  const head =
    all.refused > 0 ? red(`${percent(all.refused / all.asked)} sent away`) : green('nobody sent away');
  const busiest = Object.entries(tenants).sort((a, b) => b[1].asked - a[1].asked);
  return [
    `${bold(`${count(all.asked)} calls in ${span(spanMs)}`)}: ${head}${record ? dim(` ${record}`) : ''}`,
    table(
      [
        { title: '' },
        { title: 'asked', align: 'right' },
        { title: 'at once', align: 'right' },
        { title: 'waited', align: 'right' },
        { title: 'came back', align: 'right' },
        { title: 'sent away', align: 'right' },
        { title: 'wait p50', align: 'right' },
        { title: 'p95', align: 'right' },
      ],
      [
        ...LANES.filter((lane) => lanes[lane].asked > 0).map((lane) => row(lane, lanes[lane])),
        ...(busiest.length > 1 ? busiest.slice(0, TENANTS).map(([name, fate]) => row(name, fate)) : []),
      ],
    ),
    ...scopes.map(({ scope, binding, axes }) =>
      table(
        [
          { title: scope },
          { title: 'limit', align: 'right' },
          { title: 'used', align: 'right' },
          { title: 'busiest minute', align: 'right' },
          { title: '' },
        ],
        axes.map(({ axis, limit, used, busiest }) => [
          axis,
          count(Math.round(limit)),
          percent(used),
          percent(busiest),
          axis !== binding
            ? ''
            : all.waited + all.returned + all.refused > 0
              ? yellow('binds')
              : dim('nearest'),
        ]),
      ),
    ),
    dim(
      [free, 'nothing used before; whoever is sent away comes back once, when told to']
        .filter(Boolean)
        .join('; '),
    ),
  ].join('\n');
}

/** Tenants that are shown, those who ask most. */
const TENANTS = 12;

const row = (name: string, fate: SimulatedFate): readonly string[] => [
  name,
  count(fate.asked),
  count(fate.atOnce),
  count(fate.waited),
  count(fate.returned),
  fate.refused > 0 ? red(count(fate.refused)) : count(0),
  span(fate.waitMs.p50),
  span(fate.waitMs.p95),
];
