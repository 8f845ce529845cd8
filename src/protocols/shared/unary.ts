import type { Failure, Reading, StreamLimits } from '#contracts';
import { failure } from './failures.ts';
import type { Json } from './json.ts';
import { failureOutcome, unreadable } from './readings.ts';
import { cutFailure, DialectScanner } from './scanner.ts';

/** For endpoints that never stream: whatever event comes is an error or does not belong here. */
export class UnaryScanner extends DialectScanner {
  readonly finished = false;
  readonly counted = false;
  readonly #inBand: (data: Json) => Failure | undefined;

  constructor(limits: StreamLimits | undefined, inBand: (data: Json) => Failure | undefined) {
    super(limits);
    this.#inBand = inBand;
  }

  protected override shed(): void {}

  protected override event(_name: string, data: Json): Failure {
    return (
      this.#inBand(data) ??
      failure('malformed', 'The provider streamed an answer where none can be streamed.')
    );
  }

  protected override reading(closed: boolean): Reading {
    const problem = this.failure ?? (closed ? cutFailure(false) : undefined);
    const { failure: _, ...blank } = unreadable();
    return {
      ...blank,
      outcome: this.failure ? failureOutcome(this.failure) : 'cut',
      ...(problem ? { failure: problem } : {}),
    };
  }
}
