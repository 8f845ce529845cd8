import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { createMidwatch, type Midwatch } from '#sdk';
import { CliError } from './exit.ts';
import { savedToken } from './login-file.ts';

const DEFAULT_URL = 'http://127.0.0.1:4004';

export interface ConnectionFlags {
  readonly url?: string;
  readonly token?: string;
}

/** The options of every verb that talks to a running Midwatch. */
export const withConnection = (command: Command): Command =>
  command
    .addOption(
      new Option('--url <url>', `where Midwatch runs (default: MIDWATCH_URL, else ${DEFAULT_URL})`)
        .argParser(address)
        .helpGroup(CONNECTION),
    )
    .addOption(
      new Option(
        '--token <token>',
        'token (default: MIDWATCH_TOKEN, else what `midwatch login` saved)',
      ).helpGroup(CONNECTION),
    );

/** Below what the verb itself is about. */
const CONNECTION = 'Connection:';

export function address(text: string): string {
  try {
    const { protocol } = new URL(text);
    if (protocol === 'http:' || protocol === 'https:') return text.replace(/\/+$/, '');
  } catch {
    // Said below, together with a wrong scheme.
  }
  throw new InvalidArgumentError('an address looks like http://127.0.0.1:4004.');
}

export const urlOf = ({ url }: ConnectionFlags): string =>
  (url ?? (process.env.MIDWATCH_URL || DEFAULT_URL)).replace(/\/+$/, '');

export const tokenOf = (flags: ConnectionFlags): string | undefined =>
  flags.token ?? (process.env.MIDWATCH_TOKEN || savedToken(urlOf(flags)));

/** A client without regard to login: for what needs none. */
export const knock = (flags: ConnectionFlags): Midwatch => createMidwatch({ baseUrl: urlOf(flags) });

export interface Connection {
  readonly url: string;
  readonly midwatch: Midwatch;
}

/** A client with a token. Rejects with a CliError that says how to log in, or with what keeps Midwatch from answering. */
export async function connect(flags: ConnectionFlags): Promise<Connection> {
  const url = urlOf(flags);
  const token = tokenOf(flags);
  if (token === undefined) {
    // Where nothing answers, a login would not help.
    await knock(flags).status();
    throw new CliError(
      `Not logged in at ${url}.`,
      `Run \`midwatch login${flags.url === undefined ? '' : ` --url ${url}`}\` with the admin token (mwa_…) that the first start printed${existsSync(resolve('.midwatch', 'admin.json')) ? ' here' : ''}, or set MIDWATCH_TOKEN.`,
    );
  }
  return { url, midwatch: createMidwatch({ baseUrl: url, token }) };
}
