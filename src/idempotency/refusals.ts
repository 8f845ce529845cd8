import type { Failure } from '#contracts';

/** What a caller is told whose key cannot be honoured: one sentence each that says what to do. */

export const LONGEST_KEY = 255;

const refusal = (hint: string): Failure => ({
  kind: 'bad_request',
  origin: 'client',
  retryable: false,
  hint,
});

export const badKey = (): Failure =>
  refusal(`Idempotency-Key takes 1 to ${LONGEST_KEY} characters; send a fresh UUID for each new question.`);

export const badSample = (word: string): Failure =>
  refusal(
    `x-midwatch-resample takes a whole number from 1 to 999999, not "${word.slice(0, 40)}"; leave it out to ask for the first answer.`,
  );

export const otherBody = (): Failure =>
  refusal(
    'This Idempotency-Key was used for another question. Send a new key with a new question, or the same bytes to be given the first answer again.',
  );

export const tooLargeToJoin = (): Failure => ({
  kind: 'overloaded',
  origin: 'midwatch',
  retryable: true,
  after: 1_000,
  hint: 'The first call with this Idempotency-Key still runs, and its answer is too large to be given to a second caller meanwhile; wait for it, or send a new key.',
});

export const nobodyKnows = (): Failure => ({
  kind: 'overloaded',
  origin: 'midwatch',
  retryable: true,
  after: 1_000,
  hint: 'Redis, which knows whether this Idempotency-Key was asked elsewhere, is away, and `idempotency.whenAway` is closed; try again, or send the call without a key.',
});

/** Whoever asked for all is gone in the middle of the answer. */
export const tellerGone = (): Failure => ({
  kind: 'cut',
  origin: 'midwatch',
  retryable: true,
  hint: 'The gateway that asked for this Idempotency-Key is gone, and its answer with it; send the same call again.',
});
