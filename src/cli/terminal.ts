import { EXIT } from './exit.ts';

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
/** Standard error may be a file while standard output is a terminal. */
export const colouredNotes = coloured(process.stderr);
const paintNote = painter(colouredNotes);
export const bold = paint(1, 22);
export const dim = paint(2, 22);
export const red = paint(31, 39);
export const green = paint(32, 39);
export const yellow = paint(33, 39);
export const blue = paint(34, 39);
export const magenta = paint(35, 39);
export const cyan = paint(36, 39);
export type Paint = (text: string) => string;
/** For standard error. */
export const redNote = paintNote(31, 39);
export const dimNote = paintNote(2, 22);

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

/** A reader that has seen enough (`| head`) closes the pipe; that is an end, not an error. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.good);
    throw error;
  });
}
