/** What every verb answers to its caller. */
export const EXIT = { good: 0, bad: 1, usage: 2, unknown: 3 } as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** Something foreseeable: one sentence, and what to do about it. Shown without a stack. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly remedy: string;
  readonly exit: Exit;

  constructor(message: string, remedy: string, exit: Exit = EXIT.bad) {
    super(message);
    this.remedy = remedy;
    this.exit = exit;
  }
}
