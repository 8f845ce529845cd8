import { Command } from 'commander';
import type { FreezeView, PolicyVersionView } from '#contracts';
import { ago, shortRate } from '#contracts/say';
import { systemClock } from '#kernel';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { CliError, EXIT } from './exit.ts';
import { self } from './self.ts';
import { table } from './table.ts';
import { bold, cyan, dim, green, print, printJson, yellow } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly reason?: string;
  readonly to?: string;
  readonly list?: true;
  readonly versions?: true;
  readonly json?: true;
}

const clock = systemClock();

export const freeze = () =>
  withConnection(new Command('freeze'))
    .description(
      'Hold the policy of a route on every gateway until it is thawed; a reload that would change it is refused. With --list exits 1 when something on a frozen route has moved.',
    )
    .argument('[route]', 'name of the route')
    .option('--reason <text>', 'why, for whoever is refused')
    .option('--to <version>', 'go back to a kept version of its policy; good: the last good one')
    .option('--versions', 'kept versions of its policy, and how their traffic ended')
    .option('--list', 'what is frozen')
    .option('--json', 'print JSON: one object a line')
    .action(async (route: string | undefined, { list, versions, ...flags }: Flags) => {
      if (list) return frozen(flags);
      if (route === undefined) throw new CliError('Which route?', 'Name one, or ask for --list.', EXIT.usage);
      if (versions) return kept(route, flags);
      const { reason, to } = flags;
      const held = await (await connect(flags)).midwatch.routes.freeze(route, {
        ...(reason !== undefined && { reason }),
        ...(to !== undefined && { to }),
      });
      if (flags.json) return printJson(held);
      print(`${cyan('❄')} ${bold(route)} is held at ${held.version}`);
      for (const line of held.waiting) print(dim(`  waits for the thaw: ${line}`));
      print(dim(`→ ${self} thaw ${route}`));
    });

export const thaw = () =>
  withConnection(new Command('thaw'))
    .description('End the freeze of a route: what the configuration says of it is in force again.')
    .argument('<route>', 'name of the route')
    .option('--json', 'print one JSON object')
    .action(async (route: string, flags: Flags) => {
      const was = await (await connect(flags)).midwatch.routes.thaw(route);
      if (flags.json) return printJson(was);
      print(
        `${green('●')} ${bold(route)} is thawed; ${was.by} had frozen it ${ago(was.at, clock.now())}${was.reason ? `: ${was.reason}` : ''}`,
      );
    });

async function frozen(flags: Flags): Promise<void> {
  const all = await (await connect(flags)).midwatch.freezes();
  if (flags.json) for (const one of all) printJson(one);
  else print(all.length === 0 ? 'no route is frozen' : listed(all));
  process.exitCode = all.some(({ moved }) => moved && moved.length > 0) ? EXIT.bad : EXIT.good;
}

function listed(all: readonly FreezeView[]): string {
  const now = clock.now();
  const rows = table(
    [{ title: 'route' }, { title: 'version' }, { title: 'since' }, { title: 'by' }, { title: 'why' }],
    all.map(({ route, version, at, by, reason }) => [bold(route), version, ago(at, now), by, reason ?? '']),
  );
  const notes = all.flatMap(({ route, waiting, moved }) => [
    ...(moved ?? []).map(
      ({ subject, value, lastSeen }) =>
        `${yellow('moved')} ${route} ${subject}: ${value} ${dim(ago(lastSeen, now))}`,
    ),
    ...waiting.map((line) => dim(`waits for the thaw of ${route}: ${line}`)),
  ]);
  return [rows, ...notes].join('\n');
}

async function kept(route: string, flags: Flags): Promise<void> {
  const all = await (await connect(flags)).midwatch.routes.versions(route);
  if (flags.json) for (const one of all) printJson(one);
  else if (all.length === 0) print(`no version of "${route}" is kept: it was never in force here`);
  else print(history(all));
  if (all.length === 0) process.exitCode = EXIT.unknown;
}

function history(all: readonly PolicyVersionView[]): string {
  const now = clock.now();
  const rows = table(
    [{ title: 'version' }, { title: 'first used' }, { title: 'last used' }, { title: 'good' }, { title: '' }],
    all.map(({ version, firstUsed, lastUsed, good, inForce, lastGood }) => [
      bold(version),
      ago(firstUsed, now),
      ago(lastUsed, now),
      good.n === 0 ? dim('no traffic') : shortRate(good),
      [inForce && green('in force'), lastGood && 'last good'].filter(Boolean).join(', '),
    ]),
  );
  const changes = all.flatMap(({ version, differs }) =>
    differs.map((line) => dim(`${version} would change ${line}`)),
  );
  return [rows, ...changes].join('\n');
}
