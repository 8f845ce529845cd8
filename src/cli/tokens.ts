import { Command, Option } from 'commander';
import { ROLES, type Role, type TokenView } from '#contracts';
import { systemClock } from '#kernel';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { day } from './format.ts';
import { findIssued, future, stateOf } from './issued.ts';
import { self } from './self.ts';
import { table } from './table.ts';
import { bold, dim, green, print, printJson } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly json?: true;
}
interface CreateFlags extends Flags {
  readonly role: Role;
  readonly expires?: number;
}

const clock = systemClock();

export const tokens = () =>
  new Command('tokens')
    .alias('token')
    .description('Tokens for people and programs that watch: console, command line, API.')
    .addCommand(
      withConnection(
        new Command('list')
          .description('Every token beside the admin token, without the token itself.')
          .option('--json', 'print one JSON object a token'),
      ).action(async (flags: Flags) => {
        const all = await (await connect(flags)).midwatch.tokens.list();
        if (flags.json) for (const token of all) printJson(token);
        else print(all.length === 0 ? EMPTY : listed(all));
      }),
    )
    .addCommand(
      withConnection(
        new Command('create')
          .description('Make a token and print it, this once.')
          .argument('<name>', 'whose it is; the audit names them by it')
          .addOption(
            new Option(
              '--role <role>',
              'viewer reads everything, operator also revokes keys, admin does everything',
            )
              .choices([...ROLES])
              .default('viewer'),
          )
          .option('--expires <duration>', 'for instance 90d; without it the token does not expire', future)
          .option('--json', 'print one JSON object'),
      ).action(create),
    )
    .addCommand(
      withConnection(
        new Command('revoke')
          .description('End a token and every login with it within a second.')
          .argument('<token>', 'its id, its name, or its first characters')
          .option('--json', 'print one JSON object'),
      ).action(async (wanted: string, flags: Flags) => {
        const { midwatch } = await connect(flags);
        const token = findIssued('token', await midwatch.tokens.list(), wanted);
        const revoked = await midwatch.tokens.revoke(token.id);
        if (flags.json) printJson(revoked);
        else print(`${green('●')} revoked ${bold(token.name)}; its logins have ended`);
      }),
    );

const EMPTY = `Only the admin token exists.\n${dim('→')} ${self} tokens create ada --role viewer`;

async function create(name: string, flags: CreateFlags): Promise<void> {
  const { role, expires } = flags;
  const made = await (await connect(flags)).midwatch.tokens.create({
    name,
    role,
    ...(expires !== undefined && { expiresAt: clock.now() + expires }),
  });
  if (flags.json) return printJson(made);
  print(
    `${bold(made.token)}\n${dim(`Token of ${made.name}, ${made.role}. It is shown this once and kept as a hash; hand it over now. It logs in to the console, and to this command with \`midwatch login\`.`)}`,
  );
}

function listed(all: readonly TokenView[]): string {
  const now = clock.now();
  return table(
    [
      { title: 'name' },
      { title: 'role' },
      { title: 'token' },
      { title: 'state' },
      { title: 'created' },
      { title: 'id' },
    ],
    all.map((token) => [
      token.revokedAt === undefined ? bold(token.name) : dim(token.name),
      token.role,
      token.hint,
      stateOf(token, now),
      day(token.createdAt),
      dim(token.id),
    ]),
  );
}
