import { Command } from 'commander';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { print, printJson } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly json?: true;
}

export const reload = () =>
  withConnection(new Command('reload'))
    .description(
      'Has the configuration read again and put in force, all or nothing; what runs goes on. Exits 1 when it cannot be used.',
    )
    .option('--json', 'print one JSON object')
    .action(async (flags: Flags) => {
      const done = await (await connect(flags)).midwatch.reload();
      if (flags.json) printJson(done);
      else print(done.changed.length === 0 ? 'nothing has changed' : done.changed.join('\n'));
    });
