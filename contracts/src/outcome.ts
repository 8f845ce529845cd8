/**
 * How an exchange ended, the same word for every protocol.
 *
 * `complete` and `tool` are the only good ends. `stop` is a stop sequence that matched: the text is whole only if the
 * caller meant that sequence, so it is not counted as good without looking. `cut` is an end without a stop reason,
 * `stalled` a stream that fell silent, `cancelled` a caller who left.
 */
export const OUTCOMES = [
  'complete',
  'tool',
  'length',
  'stop',
  'refusal',
  'content_filter',
  'context_overflow',
  'invalid',
  'stalled',
  'cut',
  'error',
  'cancelled',
] as const;

export type Outcome = (typeof OUTCOMES)[number];

export const isGood = (outcome: Outcome): boolean => outcome === 'complete' || outcome === 'tool';
