import type { Failure, FailureKind, FailureOrigin, Outcome } from '#contracts';

/** Failures after which another target may serve, as long as the caller has seen nothing. */
const MOVES_ON: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'rate_limited',
  'quota_exhausted',
  'overloaded',
  'provider_error',
  'provider_auth',
  'in_band_error',
  'bad_content_type',
  'malformed',
  'empty',
  'cut',
  'connect',
  'reset',
  'timeout_connect',
  'timeout_headers',
  'timeout_first_token',
  'timeout_idle',
]);

export const movesOn = (failure: Failure): boolean => MOVES_ON.has(failure.kind);

const HINTS: Partial<Record<FailureKind, string>> = {
  connect: 'The provider could not be reached; check its base URL and the network.',
  reset: 'The provider closed the connection before it answered; try again.',
  cut: 'The provider broke the answer off before its end; what arrived is incomplete. Try again.',
  empty: 'The provider answered 200 without any output and without a reason for the end; try again.',
  malformed: 'The provider sent something that is not a valid answer of its dialect.',
  timeout_connect: 'The connection to the provider took too long.',
  timeout_headers: 'The provider accepted the request but sent no headers within timeouts.headers.',
  timeout_first_token: 'The provider sent no output within timeouts.firstToken.',
  timeout_idle:
    'The provider fell silent in the middle of the answer for longer than timeouts.idle; what arrived is incomplete.',
  timeout_total: 'The exchange took longer than its deadline (timeouts.total or x-midwatch-deadline-ms).',
  client_left: 'The caller closed the connection before the answer was complete.',
  shutting_down: 'Midwatch is shutting down; try again in a moment.',
};

const ORIGINS: Partial<Record<FailureKind, FailureOrigin>> = {
  connect: 'network',
  reset: 'network',
  timeout_connect: 'network',
  client_left: 'client',
  shutting_down: 'midwatch',
  timeout_total: 'midwatch',
};

/** A failure that we saw ourselves, rather than one that a provider reported. */
export const seen = (kind: FailureKind, hint = HINTS[kind] ?? kind): Failure => ({
  kind,
  origin: ORIGINS[kind] ?? 'provider',
  retryable: MOVES_ON.has(kind),
  hint,
});

/** How an exchange ended that ended in this failure. */
export function outcomeOf(kind: FailureKind): Outcome {
  switch (kind) {
    case 'cut':
    case 'reset':
      return 'cut';
    case 'timeout_idle':
      return 'stalled';
    case 'client_left':
      return 'cancelled';
    case 'malformed':
    case 'empty':
      return 'invalid';
    case 'context_overflow':
      return 'context_overflow';
    case 'content_filter':
      return 'content_filter';
    default:
      return 'error';
  }
}

/** What a rejected fetch or read means. Bun and Node name socket errors in `code`. */
export function fromError(error: unknown, stage: 'connect' | 'body'): FailureKind {
  if (stage === 'body') return 'cut';
  const code = (error as { code?: unknown } | undefined)?.code;
  return code === 'ECONNRESET' || code === 'ECONNABORTED' || code === 'EPIPE' ? 'reset' : 'connect';
}
