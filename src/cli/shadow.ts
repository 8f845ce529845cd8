import { Command } from 'commander';
import type { RatioView, ShadowReport, ShadowView } from '#contracts';
import { count, percent, plural, rate, times } from '#contracts/say';
import { systemClock } from '#kernel';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { EXIT } from './exit.ts';
import { durationFlag } from './flags.ts';
import { facts } from './table.ts';
import { bold, cyan, dim, print, printJson } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly since: number;
  readonly json?: true;
}

export const shadow = () =>
  new Command('shadow')
    .description('Answers that were served beside those of a second target that nobody got.')
    .addCommand(
      withConnection(
        new Command('report')
          .description(
            'How often the second target agrees, what it costs and how long it takes. Exits 3 when nothing was compared yet.',
          )
          .argument('[route]', 'name of a route')
          .addOption(durationFlag('--since <duration>', 'how far back', '24h'))
          .option('--json', 'print one JSON object'),
      ).action(async (route: string | undefined, flags: Flags) => {
        const to = systemClock().now() + 1;
        const { midwatch } = await connect(flags);
        const report = await midwatch.shadows({
          from: to - flags.since,
          to,
          ...(route !== undefined && { route }),
        });
        // Nothing of a route that nobody has is a typing error, and told as one.
        if (route !== undefined && report.rows.length === 0) await midwatch.routes.get(route);
        if (flags.json) printJson(report);
        else print(report.rows.length === 0 ? NOTHING : report.rows.map(described).join('\n\n'));
        if (!flags.json) for (const line of droppedOf(report)) print(dim(line));
        if (report.rows.length === 0) process.exitCode = EXIT.unknown;
      }),
    );

const NOTHING =
  'nothing was compared yet: write `shadow: { target: { provider, model }, share: 0.01 }` under a route in midwatch.yaml';

function described({ route, target, pairs, good, agree, ...ratios }: ShadowView): string {
  return `${bold(cyan(route))}  ${dim(`copied to ${target}, ${plural(pairs, 'pair')}`)}\n\n${facts([
    ['served good', rate(good.served)],
    ['shadow good', rate(good.shadow)],
    ['same end', rate(agree.end)],
    ['same tools', agree.tools && rate(agree.tools)],
    ['same arguments', agree.args && rate(agree.args)],
    ['served is JSON', agree.json && rate(agree.json.served)],
    ['shadow is JSON', agree.json && rate(agree.json.shadow)],
    ['cost', ofServed(ratios.cost)],
    ['time', ofServed(ratios.latency)],
    ['first token', ofServed(ratios.firstToken)],
    ['length', ofServed(ratios.length)],
    ['words shared', ratios.similarity && inWords(ratios.similarity, percent)],
  ])}`;
}

const ofServed = (ratio: RatioView | undefined): string | undefined =>
  ratio && `${inWords(ratio, times)} of what was served`;

const inWords = ({ n, median, low, high }: RatioView, say: (value: number) => string): string =>
  low === undefined || high === undefined
    ? `${say(median)} (${plural(n, 'pair')}: too few for an interval)`
    : `${say(median)} (95 % interval ${say(low)} to ${say(high)}, ${plural(n, 'pair')})`;

const droppedOf = ({ now }: ShadowReport): readonly string[] =>
  now.flatMap(({ route, dropped }) => {
    const parts = Object.entries(dropped).map(([why, n]) => `${count(n)} ${why}`);
    return parts.length === 0 ? [] : [`not copied on ${route} since the start: ${parts.join(', ')}`];
  });
