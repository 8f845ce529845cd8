import { Command, Option } from 'commander';
import { SPEND_BY, type SpendBy, type SpendReport, type SpendRow, type SpendTotals } from '#contracts';
import { compact, count, dollars, percent } from '#contracts/say';
import { systemClock } from '#kernel';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { EXIT } from './exit.ts';
import { durationFlag } from './flags.ts';
import { table } from './table.ts';
import { bold, dim, print, printJson, red } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly by: SpendBy;
  readonly since: number;
  readonly json?: true;
}

export const spend = () =>
  withConnection(new Command('spend'))
    .description(
      'Where the money went, from the record. Exits 1 when an attempt had no price, 3 without an attempt.',
    )
    .addOption(new Option('--by <what>', 'how it is told apart').choices(SPEND_BY).default('cause'))
    .addOption(durationFlag('--since <duration>', 'how far back', '24h'))
    .option('--json', 'print one JSON object')
    .action(async ({ by, since, ...flags }: Flags) => {
      const to = systemClock().now();
      const { midwatch } = await connect(flags);
      const report = await midwatch.spend({ from: to - since, to, by });
      if (flags.json) printJson(report);
      else
        print(
          report.total.attempts === 0 && report.rows.length === 0
            ? 'no attempt in this time'
            : listed(report),
        );
      const { attempts, unpriced } = report.total;
      process.exitCode = attempts === 0 ? EXIT.unknown : unpriced > 0 ? EXIT.bad : EXIT.good;
    });

function listed({ by, total, rows }: SpendReport): string {
  const line = (name: string, sums: SpendTotals) => [
    name,
    dollars(sums.microUsd),
    total.microUsd > 0 ? percent(sums.microUsd / total.microUsd) : '',
    count(sums.attempts),
    compact(sums.tokensIn),
    compact(sums.tokensOut),
    sums.wastedMicroUsd > 0 ? dollars(sums.wastedMicroUsd) : '',
    sums.estimatedMicroUsd > 0 ? dollars(sums.estimatedMicroUsd) : '',
    sums.unpriced > 0 ? red(count(sums.unpriced)) : '',
  ];
  return table(
    [
      { title: by },
      { title: 'spend', align: 'right' },
      { title: 'of all', align: 'right' },
      { title: 'attempts', align: 'right' },
      { title: 'tokens in', align: 'right' },
      { title: 'out', align: 'right' },
      { title: 'wasted', align: 'right' },
      { title: 'estimated', align: 'right' },
      { title: 'no price', align: 'right' },
    ],
    [...rows.map((row) => line(nameOf(row, by), row)), line(bold('all'), total)],
  );
}

const nameOf = ({ name, label, rest }: SpendRow, by: SpendBy): string =>
  rest ? dim('the rest') : (label ?? name ?? dim(`no ${by}`));
