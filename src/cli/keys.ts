import { Command } from 'commander';
import type { KeyView } from '#contracts';
import { ago } from '#contracts/say';
import { systemClock } from '#kernel';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { day } from './format.ts';
import { findIssued, future, stateOf } from './issued.ts';
import { self } from './self.ts';
import { table } from './table.ts';
import { bold, dim, green, print, printJson, yellow } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly json?: true;
}
interface CreateFlags extends Flags {
  readonly owner?: string;
  readonly tenant?: string;
  readonly route?: readonly string[];
  readonly expires?: number;
}

const clock = systemClock();

export const keys = () =>
  new Command('keys')
    .description('Keys with which callers come in.')
    .addCommand(
      withConnection(
        new Command('list')
          .description('Every key, without the key itself.')
          .option('--json', 'print one JSON object a key'),
      ).action(async (flags: Flags) => {
        const all = await (await connect(flags)).midwatch.keys.list();
        if (flags.json) for (const key of all) printJson(key);
        else print(all.length === 0 ? EMPTY : listed(all));
      }),
    )
    .addCommand(
      withConnection(
        new Command('create')
          .description('Make a key and print it, this once.')
          .argument('<name>', 'what it is for, for instance the name of an application')
          .option('--owner <person>', 'whom to ask about it')
          .option('--tenant <name>', 'speaks for this tenant alone')
          .option('--route <name...>', 'may use these routes alone')
          .option('--expires <duration>', 'for instance 90d; without it the key does not expire', future)
          .option('--json', 'print one JSON object'),
      ).action(create),
    )
    .addCommand(
      withConnection(
        new Command('revoke')
          .description('End a key within a second.')
          .argument('<key>', 'its id, its name, or its first characters')
          .option('--json', 'print one JSON object'),
      ).action(async (wanted: string, flags: Flags) => {
        const { midwatch } = await connect(flags);
        const key = findIssued('key', await midwatch.keys.list(), wanted);
        const revoked = await midwatch.keys.revoke(key.id);
        if (flags.json) printJson(revoked);
        else print(`${green('●')} revoked ${bold(key.name)}; callers that still use it get a 401`);
      }),
    );

const EMPTY = `${yellow('No key exists')}: programs on this machine need none, others are refused.\n${dim('→')} ${self} keys create my-app`;

async function create(name: string, flags: CreateFlags): Promise<void> {
  const { owner, tenant, route, expires } = flags;
  const made = await (await connect(flags)).midwatch.keys.create({
    name,
    ...(owner !== undefined && { owner }),
    ...(tenant !== undefined && { tenant }),
    ...(route && { routes: [...route] }),
    ...(expires !== undefined && { expiresAt: clock.now() + expires }),
  });
  if (flags.json) return printJson(made);
  print(
    `${bold(made.key)}\n${dim(`Key of ${made.name}. It is shown this once and kept as a hash; store it now.`)}`,
  );
}

function listed(all: readonly KeyView[]): string {
  const now = clock.now();
  return table(
    [
      { title: 'name' },
      { title: 'key' },
      { title: 'state' },
      { title: 'owner' },
      { title: 'tenant' },
      { title: 'routes' },
      { title: 'created' },
      { title: 'last used' },
      { title: 'id' },
    ],
    all.map((key) => [
      key.revokedAt === undefined ? bold(key.name) : dim(key.name),
      key.hint,
      stateOf(key, now),
      key.owner ?? '',
      key.tenant ?? '',
      key.routes?.join(', ') ?? 'all',
      day(key.createdAt),
      key.lastUsedAt === undefined ? dim('never') : ago(key.lastUsedAt, now),
      dim(key.id),
    ]),
  );
}
