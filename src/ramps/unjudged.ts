import { LinkedMap } from '#kernel';
import type { Path } from './held.ts';

/** An answer on which a verdict may still come. */
export interface Unjudged {
  readonly path: Path;
  /** Undefined while edges and baseline are learnt. */
  readonly bucket?: number;
  readonly stage: number;
  /** Difficulty of its ask. */
  readonly score: number;
}

/** Verdicts come within hours or never; a busy route must not be remembered for ever. */
const MOST = 20_000;

/** Answers that wait for a verdict, by exchange; the oldest are forgotten first, and a restart forgets all. */
export class UnjudgedAnswers {
  private readonly answers = new LinkedMap<string, Unjudged>();

  add(exchange: string, answer: Unjudged): void {
    this.answers.set(exchange, answer);
    const { oldest } = this.answers;
    if (oldest && this.answers.size > MOST) this.answers.delete(oldest.key);
  }

  take(exchange: string): Unjudged | undefined {
    return this.answers.delete(exchange);
  }

  /** What was answered before a fix says nothing about what comes after it. */
  forget(bucket?: number): void {
    if (bucket === undefined) this.answers.clear();
    else
      for (const [exchange, answer] of this.answers)
        if (answer.bucket === bucket) this.answers.delete(exchange);
  }
}
