import { Command, CommanderError } from 'commander';
import { VERSION } from '#app';
import { fail } from './terminal.ts';
import { up } from './up.ts';

/** 0 good, 1 bad, 2 usage, 3 unknown or insufficient evidence. */
const USAGE = 2;

const program = new Command('midwatch')
  .description('A reliability control plane for LLM applications: gateway, record, console.')
  .version(VERSION)
  .showHelpAfterError('(midwatch --help lists every verb)')
  .exitOverride();

for (const verb of [up]) program.addCommand(verb().exitOverride());

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : USAGE);
  process.exit(fail(error));
}
