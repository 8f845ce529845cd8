import { isCancel, password } from '@clack/prompts';
import { Command } from 'commander';
import { createMidwatch } from '#sdk';
import { type ConnectionFlags, knock, urlOf, withConnection } from './connect.ts';
import { CliError, EXIT } from './exit.ts';
import { forgetToken, saveToken } from './login-file.ts';
import { dim, green, note, print, printJson } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly json?: true;
}

export const login = () =>
  withConnection(new Command('login'))
    .description('Save a token, so that other verbs need none. Asks for it, or reads it from a pipe.')
    .option('--json', 'print one JSON object')
    .action(async (flags: Flags) => {
      const url = urlOf(flags);
      // Before the question: nobody should look for a token that cannot be checked.
      await knock(flags).status();
      const token = (flags.token ?? (process.env.MIDWATCH_TOKEN || (await ask(url)))).trim();
      const me = await createMidwatch({ baseUrl: url, token }).me();
      const file = saveToken(url, token);
      if (flags.json) printJson({ url, role: me.role, name: me.name, file });
      else
        print(
          `${green('●')} logged in at ${url} as ${me.name === me.role ? me.role : `${me.name} (${me.role})`}  ${dim(file)}`,
        );
    });

export const logout = () =>
  new Command('logout')
    .description('Forget the saved token.')
    .option('--url <url>', 'where Midwatch runs')
    .option('--json', 'print one JSON object')
    .action((flags: Flags) => {
      const url = urlOf(flags);
      const known = forgetToken(url);
      if (flags.json) printJson({ url, forgotten: known });
      else print(known ? `forgot the token for ${url}` : `no token was saved for ${url}`);
    });

async function ask(url: string): Promise<string> {
  if (!process.stdin.isTTY) {
    const piped = (await Bun.stdin.text()).trim();
    if (piped !== '') return piped;
    throw new CliError(
      'No token was given.',
      'Pipe it in (`midwatch login < token-file`), or set MIDWATCH_TOKEN.',
      EXIT.usage,
    );
  }
  note(
    dim(
      'The admin token was printed when Midwatch was started here for the first time; an admin makes others with `midwatch tokens create`, and `midwatch up --new-admin-token` replaces one that is lost. All begin with mwa_.',
    ),
  );
  const answer = await password({ message: `Token for ${url}` });
  if (isCancel(answer) || answer === undefined || answer === '')
    throw new CliError('Not logged in.', 'Run `midwatch login` again with the token at hand.');
  return answer;
}
