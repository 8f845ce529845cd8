import type { Outcome } from '#contracts';
import { outcomeOf } from '../shared/outcomes.ts';
import type { End } from './neutral.ts';

/** One word for each way of not ending well that no dialect has a word of its own for. */
const BAD: Readonly<Partial<Record<Outcome, string>>> = {
  invalid: 'malformed_tool_call',
  cut: 'abort',
  error: 'error',
  cancelled: 'cancelled',
};

/**
 * The caller's word for an end, or for an end his dialect cannot say the target's own: a word no client takes for a good
 * end, and every reader of ours for the same outcome.
 */
export function wordFor(end: End, words: Readonly<Partial<Record<Outcome, string>>>): string {
  const own = words[end.outcome];
  if (own !== undefined) return own;
  return outcomeOf(end.word) === end.outcome ? end.word : (BAD[end.outcome] ?? end.word);
}

/** Where a dialect wants words for a refusal and the target gave none. */
export const REFUSED = 'The model declined to answer.';
