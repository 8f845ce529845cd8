import { CommanderError } from 'commander';
import { ConfigError, formatProblem, StartError } from '#app';
import { MidwatchError } from '#sdk';
import { CliError, EXIT, type Exit } from './exit.ts';
import { typed } from './self.ts';
import { dimNote, note, redNote } from './terminal.ts';

/** What a verb could not do, for a person and for a program. */
interface Failure {
  readonly exit: Exit;
  /** For programs: that of the API, else `usage`, `config`, `start`, `refused` or `fault`. */
  readonly code: string;
  readonly message: string;
  /** What to do about it; empty where the message says it. */
  readonly hint: string;
  readonly problems?: ConfigError['problems'];
  readonly file?: string;
}

const HINTS: Readonly<Record<string, string>> = {
  unauthorized:
    'Use the admin token (mwa_…) that the first start printed: `midwatch login`, --token or MIDWATCH_TOKEN. A lost one is replaced by `midwatch up --new-admin-token`.',
  unreachable: 'Start Midwatch with `midwatch up`, or say where it runs with --url or MIDWATCH_URL.',
  not_midwatch: 'Say where Midwatch itself runs with --url or MIDWATCH_URL.',
};

function failureOf(error: unknown): Failure {
  const exit = EXIT.bad;
  if (error instanceof CommanderError)
    return {
      exit: EXIT.usage,
      code: 'usage',
      message: error.message.replace(/^error: /, ''),
      hint: '--help says what the verb takes.',
    };
  if (error instanceof CliError)
    return {
      exit: error.exit,
      code: error.exit === EXIT.usage ? 'usage' : 'refused',
      message: error.message,
      hint: error.remedy,
    };
  if (error instanceof StartError) return { exit, code: 'start', message: error.message, hint: error.remedy };
  if (error instanceof MidwatchError)
    return {
      exit,
      code: error.code,
      // What the API says to a program about headers is no help to a person at a prompt.
      message: error.message.replace('/api/v1', ''),
      hint: HINTS[error.code] ?? error.hint,
    };
  if (error instanceof ConfigError) {
    const { file } = error;
    const problems = error.problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
    const many = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
    return {
      exit,
      code: 'config',
      message: `The configuration cannot be used: ${many}.`,
      hint: '',
      file,
      problems,
    };
  }
  // Not foreseen: then the stack is the only lead there is.
  return {
    exit,
    code: 'fault',
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    hint: 'This is a fault of Midwatch; please report it with the lines above.',
  };
}

/**
 * Tells of a failure on standard error, so that standard output holds results alone: one sentence and its remedy, or
 * with `--json` one object.
 */
export function fail(error: unknown, asJson: boolean): Exit {
  const { exit, file = '', problems, ...failure } = failureOf(error);
  const { code, message, hint } = failure;
  if (asJson)
    note(
      JSON.stringify({
        error: { code, message, ...(hint && { hint }), ...(problems && { file, problems }) },
        exit,
      }),
    );
  // Commander has told a person already, with the help that fits.
  else if (!(error instanceof CommanderError)) {
    note(`${redNote('midwatch:')} ${message}${hint ? `\n  ${dimNote('→')} ${typed(hint)}` : ''}`);
    for (const problem of problems ?? []) note(`  ${formatProblem(file, problem)}`);
  }
  return exit;
}
