import { ConfigError, formatProblem, StartError } from '#app';

const colours = process.stdout.isTTY && process.env.NO_COLOR === undefined;
const paint = (code: number) => (text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);

export const bold = paint(1);
export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);
export const yellow = paint(33);
export const blue = paint(34);
export const cyan = paint(36);

/** One sentence and its remedy to standard error, no stack for what a person can mend. Returns the exit code. */
export function fail(error: unknown): number {
  if (error instanceof StartError) console.error(`midwatch: ${error.message}\n  ${error.remedy}`);
  else if (error instanceof ConfigError) {
    console.error(`midwatch: the configuration cannot be used.`);
    for (const problem of error.problems) console.error(`  ${formatProblem(error.file, problem)}`);
  } else
    console.error(`midwatch: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 1;
}
