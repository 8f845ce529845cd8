import type { Outcome } from '@midwatch/contracts';

/** Twelve outcomes are too many colours to tell apart; five families are not. Each outcome keeps a shape of its own. */
export const FAMILIES = ['good', 'short', 'withheld', 'broken', 'left'] as const;
export type Family = (typeof FAMILIES)[number];

export const FAMILY_LABEL: Readonly<Record<Family, string>> = {
  good: 'Good',
  short: 'Ended by a limit',
  withheld: 'Withheld',
  broken: 'Broken',
  left: 'Caller left',
};

interface OutcomeInfo {
  readonly label: string;
  readonly family: Family;
  readonly means: string;
}

const INFO: Readonly<Record<Outcome, OutcomeInfo>> = {
  complete: { label: 'complete', family: 'good', means: 'The model came to its own end.' },
  tool: { label: 'tool', family: 'good', means: 'The model asks for a tool.' },
  length: { label: 'length', family: 'short', means: 'The token limit ended the answer.' },
  stop: {
    label: 'stop',
    family: 'short',
    means: 'A stop sequence matched; whole only if you meant that sequence.',
  },
  context_overflow: {
    label: 'context overflow',
    family: 'short',
    means: 'The ask did not fit the context window.',
  },
  refusal: { label: 'refusal', family: 'withheld', means: 'The model declined.' },
  content_filter: {
    label: 'content filter',
    family: 'withheld',
    means: "The provider's filter withheld the answer.",
  },
  invalid: { label: 'invalid', family: 'broken', means: 'The answer breaks the shape that was asked for.' },
  stalled: { label: 'stalled', family: 'broken', means: 'The stream fell silent.' },
  cut: { label: 'cut', family: 'broken', means: 'The answer ended without a stop reason.' },
  error: { label: 'error', family: 'broken', means: 'No answer: the call failed.' },
  cancelled: { label: 'cancelled', family: 'left', means: 'The caller left before the end.' },
};

export const OUTCOME_NAMES = Object.keys(INFO) as Outcome[];

/** Knows outcomes of newer servers only by name, and counts them as broken until it learns better. */
export const outcomeInfo = (outcome: string): OutcomeInfo =>
  INFO[outcome as Outcome] ?? {
    label: outcome.replaceAll('_', ' '),
    family: 'broken',
    means: 'Unknown to this console.',
  };

export const byFamily = (outcomes: Readonly<Record<string, number>>): Record<Family, number> => {
  const sums: Record<Family, number> = { good: 0, short: 0, withheld: 0, broken: 0, left: 0 };
  for (const [outcome, n] of Object.entries(outcomes)) sums[outcomeInfo(outcome).family] += n;
  return sums;
};

/** Outcomes that occurred and are not good, most frequent first. */
export const badOnes = (outcomes: Readonly<Record<string, number>>): readonly (readonly [string, number])[] =>
  Object.entries(outcomes)
    .filter(([outcome, n]) => n > 0 && outcomeInfo(outcome).family !== 'good')
    .sort(([, a], [, b]) => b - a);
