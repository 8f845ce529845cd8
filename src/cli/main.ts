import { CommanderError } from 'commander';
import { spelledOut } from './alone.ts';
import { EXIT } from './exit.ts';
import { fail } from './failure.ts';
import { createProgram } from './program.ts';
import { endWithReader } from './terminal.ts';

endWithReader();
// Asked of the line itself: a line that cannot be parsed has no flags yet.
const asJson = process.argv.includes('--json');
try {
  await createProgram({ quiet: asJson }).parseAsync(spelledOut(process.argv.slice(2)), { from: 'user' });
} catch (error) {
  const helped = error instanceof CommanderError && error.exitCode === 0;
  process.exit(helped ? EXIT.good : fail(error, asJson));
}
