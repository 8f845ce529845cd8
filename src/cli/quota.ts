import { Command } from 'commander';
import { LANES, type Pressure, type QuotaView } from '#contracts';
import { coarse, count, percent } from '#contracts/say';
import { systemClock } from '#kernel';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { EXIT, type Exit } from './exit.ts';
import { simulate } from './quota-simulate.ts';
import { table } from './table.ts';
import { bold, dim, green, type Paint, print, printJson, red, yellow } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly json?: true;
}

export const quota = () =>
  new Command('quota')
    .description('Limits of provider keys: how they stand, and what they would do to another load.')
    .addCommand(status())
    .addCommand(simulate());

const status = () =>
  withConnection(new Command('status'))
    .description(
      'Pressure per axis, who waits, when a day runs out. Exits 1 when one is exhausted, 3 when none was used yet.',
    )
    .option('--json', 'print one JSON object a quota')
    .action(async (flags: Flags) => {
      const all = await (await connect(flags)).midwatch.quotas();
      if (flags.json) for (const one of all) printJson(one);
      else print(all.length === 0 ? NOTHING : listed(all));
      process.exitCode = verdict(all);
    });

const NOTHING =
  'no quota was used yet: write `quota:` under a provider in midwatch.yaml, and it is kept from the first call on';

const verdict = (all: readonly QuotaView[]): Exit =>
  all.length === 0
    ? EXIT.unknown
    : all.some(({ pressure }) => pressure === 'exhausted')
      ? EXIT.bad
      : EXIT.good;

const PAINTS: Readonly<Record<Pressure, Paint>> = {
  calm: green,
  tight: yellow,
  critical: red,
  exhausted: red,
};

function listed(all: readonly QuotaView[]): string {
  const now = systemClock().now();
  const rows = all.flatMap((quota) =>
    quota.axes.map(({ axis, limit, share, left, pressure, exhaustsAt }, i) => [
      i === 0 ? bold(quota.provider) : '',
      i === 0 ? quota.models : '',
      i === 0 ? dim(quota.credential) : '',
      AXIS_WORDS[axis],
      PAINTS[pressure](pressure),
      percent(share),
      `${count(Math.floor(left))} of ${count(limit)}`,
      exhaustsAt === undefined ? '' : yellow(`in ${coarse(exhaustsAt - now)}`),
      i === 0 ? waiting(quota) : '',
    ]),
  );
  return table(
    [
      { title: 'provider' },
      { title: 'models' },
      { title: 'key' },
      { title: 'axis' },
      { title: 'pressure' },
      { title: 'used', align: 'right' },
      { title: 'left', align: 'right' },
      { title: 'runs out', align: 'right' },
      { title: 'waiting' },
    ],
    rows,
  );
}

const AXIS_WORDS: Readonly<Record<QuotaView['binding'], string>> = {
  requests: 'requests',
  tokensIn: 'tokens in',
  tokensOut: 'tokens out',
  tokens: 'tokens',
  requestsPerDay: 'requests a day',
  tokensPerDay: 'tokens a day',
};

const waiting = ({ waiting: by, kept }: QuotaView): string =>
  [
    ...LANES.flatMap((lane) => (by[lane] > 0 ? [`${count(by[lane])} ${lane}`] : [])),
    ...(kept > 0 ? [`${count(kept)} kept`] : []),
  ].join(', ');
