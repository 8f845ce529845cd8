import { CommanderError } from 'commander';
import { EXIT } from './exit.ts';
import { createProgram } from './program.ts';
import { endWithReader, fail } from './terminal.ts';

endWithReader();
try {
  await createProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? EXIT.good : EXIT.usage);
  process.exit(fail(error));
}
