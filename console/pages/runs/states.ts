import type { RunState } from '@midwatch/contracts';
import type { Tone } from '../../parts/Badge.tsx';

export const TONE: Readonly<Record<RunState, Tone>> = {
  queued: 'waiting',
  running: 'running',
  awaiting_approval: 'short',
  succeeded: 'good',
  degraded: 'short',
  refused: 'short',
  truncated: 'short',
  invalid: 'broken',
  failed: 'broken',
  cancelled: 'waiting',
  cancelled_after_action: 'short',
  expired: 'broken',
};

/** What a person should take from the word. */
export const MEANS: Readonly<Record<RunState, string>> = {
  queued: 'Waits to be taken up',
  running: 'Carried out now',
  awaiting_approval: 'Waits for somebody to say yes',
  succeeded: 'An answer that came to a good end',
  degraded: 'A good answer, from another tier than the one meant',
  refused: 'The model declined',
  truncated: 'The answer was cut short by its length',
  invalid: 'An answer that cannot be used',
  failed: 'No answer',
  cancelled: 'Ended by somebody',
  cancelled_after_action: 'Ended by somebody, after a tool call that may have been acted on',
  expired: 'Nobody got to it, or said yes, in time',
};
