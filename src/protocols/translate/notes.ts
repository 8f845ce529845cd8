import type { Failure } from '#contracts';
import { failure } from '../shared/failures.ts';
import { type Loss, losses } from './losses.ts';

/** What becomes of an ask on its way: what is lost, and the first thing that cannot be said at all. */
export class Notes {
  refusal: Failure | undefined;
  readonly #lost = new Set<string>();
  readonly #to: string;

  constructor(to: string) {
    this.#to = to;
  }

  lose(id: Loss['id']): void {
    this.#lost.add(id);
  }

  /** `what` completes «… cannot be said in <dialect>». */
  refuse(param: string, what: string): void {
    this.refusal ??= failure(
      'dialect_mismatch',
      `\`${param}\`: ${what} cannot be said in ${this.#to}. Leave it out, or send this to a route whose targets speak your dialect.`,
      { param },
    );
  }

  get losses(): readonly string[] {
    return losses.filter(({ id }) => this.#lost.has(id)).map(({ id }) => id);
  }
}
