import type { Fields, Outcome, RunEnd, RunState } from '#contracts';

/** What the data plane gave for an answer. */
export interface Given {
  readonly status: number;
  readonly headers: Fields;
  /** As the answer itself says, in the words of all protocols. */
  readonly outcome: Outcome;
  /** The connection ended before the answer did. */
  readonly broken: boolean;
  /** Of a whole answer its body, of a stream the messages it amounts to. */
  readonly body: Uint8Array | undefined;
}

export type Judgement =
  | { readonly kind: 'over'; readonly end: Omit<RunEnd, 'at'> }
  /** No answer: the same question may be sent again, after `after` ms when somebody asked for that. */
  | { readonly kind: 'again'; readonly end: Omit<RunEnd, 'at'>; readonly after?: number };

/**
 * An answer, however bad, is an end: whoever wants another asks for a resample. Only what is no answer, a transport
 * failure, is tried again.
 */
export function judge(given: Given): Judgement {
  const { status, headers, broken, outcome } = given;
  const answered = status >= 200 && status < 300 && !broken;
  const exchange = headers['x-midwatch-exchange'];
  const state = answered ? stateOf(outcome, headers['x-midwatch-degraded'] !== undefined) : 'failed';
  const trouble = answered ? SAYS[state] : broken ? 'The answer broke off.' : errorIn(given.body, status);
  const end = {
    state,
    outcome,
    status,
    ...(exchange !== undefined && { exchange }),
    ...(trouble !== undefined && { trouble }),
    ...(given.body && { answer: given.body }),
  };
  if (!broken && !AGAIN(status)) return { kind: 'over', end };
  const after = Number(headers['retry-after']) * 1000;
  return { kind: 'again', end, ...(after > 0 && { after }) };
}

const AGAIN = (status: number): boolean =>
  status >= 500 || status === 408 || status === 425 || status === 429;

function stateOf(outcome: Outcome, degraded: boolean): RunState {
  switch (outcome) {
    case 'complete':
    case 'tool':
    case 'stop':
      return degraded ? 'degraded' : 'succeeded';
    case 'refusal':
    case 'content_filter':
      return 'refused';
    case 'length':
    case 'context_overflow':
      return 'truncated';
    case 'invalid':
      return 'invalid';
    // A canned tier answers with a text of the operator's and names the failure that led there.
    case 'stalled':
    case 'cut':
    case 'error':
    case 'cancelled':
      return degraded ? 'degraded' : 'failed';
  }
}

const SAYS: Partial<Record<RunState, string>> = {
  refused: 'The model or its provider refused; change the question, or ask for a resample.',
  truncated: 'The answer ends at its limit; allow more tokens and ask again.',
  invalid: 'The answer cannot be read; ask for a resample.',
  failed: 'The answer has no end that its protocol knows.',
};

const LONGEST = 500;

function errorIn(body: Uint8Array | undefined, status: number): string {
  try {
    const said = JSON.parse(new TextDecoder().decode(body)) as { error?: { message?: unknown } };
    if (typeof said.error?.message === 'string') return said.error.message.slice(0, LONGEST);
  } catch {
    // Not JSON: the status is all there is to say.
  }
  return `The call failed with status ${status}.`;
}
