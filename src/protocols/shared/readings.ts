import type { Failure, Outcome, Reading } from '#contracts';
import { NO_USAGE } from '#contracts';
import { failure } from './failures.ts';

/** A 200 that is not JSON: HTML of a proxy, half a body. */
export const unreadable = (): Reading => ({
  outcome: 'invalid',
  failure: failure('malformed', 'The provider answered with status 200 but not with a JSON object.'),
  usage: NO_USAGE,
  observed: {},
  textLength: 0,
  toolCalls: 0,
  message: () => undefined,
});

/** The outcome of an answer that reports an error. */
export function failureOutcome({ kind }: Failure): Outcome {
  if (kind === 'context_overflow' || kind === 'content_filter') return kind;
  return kind === 'malformed' ? 'invalid' : 'error';
}
