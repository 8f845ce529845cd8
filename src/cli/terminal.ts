import { ConfigError, formatProblem, StartError } from '#app';
import { MidwatchError } from '#sdk';
import { CliError, EXIT, type Exit } from './exit.ts';

/** Colours only where a person looks. NO_COLOR and FORCE_COLOR as everywhere. */
const coloured = (stream: { readonly isTTY?: boolean }): boolean => {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== '0';
  return stream.isTTY === true && TERM !== 'dumb';
};

const painter = (on: boolean) => (open: number, close: number) => (text: string) =>
  on && text !== '' ? `\u001b[${open}m${text}\u001b[${close}m` : text;

const paint = painter(coloured(process.stdout));
export const bold = paint(1, 22);
export const dim = paint(2, 22);
export const red = paint(31, 39);
export const green = paint(32, 39);
export const yellow = paint(33, 39);
export const blue = paint(34, 39);
export const magenta = paint(35, 39);
export const cyan = paint(36, 39);
export type Paint = (text: string) => string;

/** A person watches standard output. */
export const interactive = (): boolean => process.stdout.isTTY === true;

/** Columns of the terminal; a pipe has none and gets whole lines. */
export const width = (): number => (interactive() ? Math.max(40, process.stdout.columns || 100) : 160);

export const print = (text = ''): void => {
  process.stdout.write(`${text}\n`);
};
export const printJson = (value: unknown): void => print(JSON.stringify(value));
/** To standard error: notes that must not end up in somebody's pipe. */
export const note = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const HINTS: Readonly<Record<string, string>> = {
  unauthorized:
    'Use the admin token (mwa_…) that the first start printed: `midwatch login`, --token or MIDWATCH_TOKEN.',
  unreachable: 'Start Midwatch with `midwatch up`, or say where it runs with --url or MIDWATCH_URL.',
  not_midwatch: 'Say where Midwatch itself runs with --url or MIDWATCH_URL.',
};

/** One sentence and its remedy to standard error, no stack for what a person can mend. */
export function fail(error: unknown): Exit {
  const shine = painter(coloured(process.stderr));
  const [mark, quiet] = [shine(31, 39), shine(2, 22)];
  const say = (message: string, remedy: string) =>
    note(`${mark('midwatch:')} ${message}${remedy ? `\n  ${quiet('→')} ${remedy}` : ''}`);
  if (error instanceof CliError) {
    say(error.message, error.remedy);
    return error.exit;
  }
  if (error instanceof StartError) say(error.message, error.remedy);
  else if (error instanceof MidwatchError)
    // What the API says to a program about headers is no help to a person at a prompt.
    say(error.message.replace('/api/v1', ''), HINTS[error.code] ?? error.hint);
  else if (error instanceof ConfigError) {
    const { problems, file } = error;
    say(
      `The configuration cannot be used: ${problems.length === 1 ? 'one problem' : `${problems.length} problems`}.`,
      '',
    );
    for (const problem of problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)))
      note(`  ${formatProblem(file, problem)}`);
  }
  // Not foreseen: then the stack is the only lead there is.
  else
    say(
      error instanceof Error ? (error.stack ?? error.message) : String(error),
      'This is a fault of Midwatch; please report it with the lines above.',
    );
  return EXIT.bad;
}

/** A reader that has seen enough (`| head`) closes the pipe; that is an end, not an error. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.good);
    throw error;
  });
}
