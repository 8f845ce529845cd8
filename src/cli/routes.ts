import { Command } from 'commander';
import type { RouteView } from '#contracts';
import { count, dollars, rate, shortRate, span } from '#contracts/say';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { clip, facts, table } from './table.ts';
import { bold, cyan, dim, print, printJson, width } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly json?: true;
}

export const routes = () => {
  const list = withConnection(
    new Command('routes')
      .description('Routes with their tiers and the last hour.')
      .option('--json', 'print one JSON object a route'),
  ).action(async (flags: Flags) => {
    const all = await (await connect(flags)).midwatch.routes.list();
    if (flags.json) for (const route of all) printJson(route);
    else print(listed(all));
  });
  list.addCommand(
    withConnection(
      new Command('show')
        .description('The whole policy of one route, in the order in which it acts.')
        .argument('<name>', 'name of the route')
        .option('--json', 'print one JSON object'),
    ).action(async (name: string, _: Flags, command: Command) => {
      // The parent knows the same options, and takes those that stand before or after the word.
      const flags = command.optsWithGlobals<Flags>();
      const route = await (await connect(flags)).midwatch.routes.get(name);
      if (flags.json) printJson(route);
      else print(shown(route));
    }),
  );
  return list;
};

function listed(all: readonly RouteView[]): string {
  const rows = all.map((route) => {
    const hour = route.lastHour;
    return [
      bold(route.name),
      clip(
        route.tiers
          .map((t) => `${t.name}: ${t.reply === undefined ? t.targets.join(', ') : 'canned reply'}`)
          .join(' → '),
        Math.max(24, width() - 75),
      ),
      hour ? count(hour.exchanges) : '',
      hour && hour.good.n > 0 ? shortRate(hour.good) : '',
      hour?.totalMs ? span(hour.totalMs.p95) : '',
      hour ? dollars(hour.microUsd) : '',
    ];
  });
  return table(
    [
      { title: 'route' },
      { title: 'tiers' },
      { title: 'last hour', align: 'right' },
      { title: 'good' },
      { title: 'p95', align: 'right' },
      { title: 'cost', align: 'right' },
    ],
    rows,
  );
}

function shown(route: RouteView): string {
  const hour = route.lastHour;
  const steps = facts(route.policy.map(({ step, says }) => [step, says] as const));
  const now = hour
    ? facts([
        [
          'last hour',
          `${count(hour.exchanges)} exchanges, ${count(hour.attempts)} attempts, ${dollars(hour.microUsd)}`,
        ],
        ['good', rate(hour.good)],
        ['good at once', rate(hour.clean)],
        [
          'latency',
          hour.totalMs &&
            `p50 ${span(hour.totalMs.p50)}, p95 ${span(hour.totalMs.p95)}, p99 ${span(hour.totalMs.p99)}`,
        ],
        [
          'first token',
          hour.firstTokenMs &&
            `p50 ${span(hour.firstTokenMs.p50)}, p95 ${span(hour.firstTokenMs.p95)}, p99 ${span(hour.firstTokenMs.p99)}`,
        ],
        ['without price', hour.unpriced > 0 ? `${count(hour.unpriced)} exchanges` : undefined],
      ])
    : dim('no exchange in the last hour');
  return `${bold(cyan(route.name))}  ${dim(`from ${route.source}`)}\n\n${steps}\n\n${now}`;
}
