/** Why a start failed, as one sentence, and what a person should do. Shown without a stack; exit code 1. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}
