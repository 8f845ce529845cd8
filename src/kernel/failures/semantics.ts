import type { Failure, FailureKind, FailureOrigin, Outcome } from '#contracts';

/**
 * What the end of an attempt says about its target. `good`: it served. `bad`: it failed at serving. `capacity`: it is well and
 * full. `none`: says nothing about it, because the cause lies with the caller, with us, with the credential, or is a policy of
 * the provider that works as meant.
 */
export type HealthSignal = 'good' | 'bad' | 'capacity' | 'none';

/** What a failure means, once and for all: retries, fallback, health, bills and error bodies follow from this row. */
export interface Semantics {
  /** Whose it is, where the failure itself does not say. */
  readonly fault: FailureOrigin;
  /** May the caller's own try again help, later? */
  readonly retryable: boolean;
  /** How an exchange ended that ended in it. */
  readonly outcome: Outcome;
  /**
   * May the same target be tried again? `once`: after a jittered pause. `waited`: when the wait that it asks for is short.
   * `alone`: like `once`, but only where no other target is left.
   */
  readonly again: 'never' | 'once' | 'waited' | 'alone';
  /** May another target be tried? `larger`: one whose declared context window holds the ask. `allowed`: where the route says so. */
  readonly elsewhere: 'never' | 'always' | 'larger' | 'allowed';
  /** Who gets no further traffic because of it: the provider's key, the target for a while, nobody. */
  readonly condemns: 'nobody' | 'target' | 'key';
  /** What it says about the target's health. */
  readonly health: Exclude<HealthSignal, 'good'>;
  /**
   * May another target finish an answer that the caller has read of, where the route wants it? Only where what was sent is surely
   * the beginning of an answer: after an event that could not be read something may be missing from it.
   */
  readonly takeover: boolean;
}

const row = (
  fault: FailureOrigin,
  retryable: boolean,
  outcome: Outcome,
  again: Semantics['again'],
  elsewhere: Semantics['elsewhere'],
  condemns: Semantics['condemns'],
  health: Semantics['health'],
  takeover = false,
): Semantics => Object.freeze({ fault, retryable, outcome, again, elsewhere, condemns, health, takeover });

const callers = row('client', false, 'error', 'never', 'never', 'nobody', 'none');
const ours = row('midwatch', false, 'error', 'never', 'never', 'nobody', 'none');

export const SEMANTICS: Readonly<Record<FailureKind, Semantics>> = Object.freeze({
  bad_request: callers,
  unauthorized: callers,
  forbidden: callers,
  unknown_route: callers,
  not_found: callers,
  too_large: callers,
  dialect_mismatch: callers,
  // Nobody is asked, so nobody is to blame; money that is spent is spent elsewhere too.
  over_budget: row('client', false, 'error', 'never', 'never', 'nobody', 'none'),
  client_left: row('client', false, 'cancelled', 'never', 'never', 'nobody', 'none'),

  rate_limited: row('provider', true, 'error', 'waited', 'always', 'target', 'capacity', true),
  // An account without money stays so until somebody pays; its other models are as dead.
  quota_exhausted: row('provider', false, 'error', 'never', 'always', 'key', 'capacity', true),
  overloaded: row('provider', true, 'error', 'once', 'always', 'nobody', 'bad', true),
  provider_error: row('provider', true, 'error', 'once', 'always', 'nobody', 'bad', true),
  provider_auth: row('provider', false, 'error', 'never', 'always', 'key', 'none'),
  provider_rejected: row('provider', false, 'error', 'never', 'never', 'nobody', 'none'),
  context_overflow: row('provider', false, 'context_overflow', 'never', 'larger', 'nobody', 'none'),
  content_filter: row('provider', false, 'content_filter', 'never', 'allowed', 'nobody', 'none'),
  // An answer, unless the route says that it wants another.
  refused: row('provider', false, 'refusal', 'never', 'allowed', 'nobody', 'none'),
  in_band_error: row('provider', true, 'error', 'once', 'always', 'nobody', 'bad', true),
  bad_content_type: row('provider', true, 'error', 'alone', 'always', 'nobody', 'bad'),
  malformed: row('provider', true, 'invalid', 'alone', 'always', 'nobody', 'bad'),
  empty: row('provider', true, 'invalid', 'alone', 'always', 'nobody', 'bad'),
  cut: row('provider', true, 'cut', 'alone', 'always', 'nobody', 'bad', true),

  connect: row('network', true, 'error', 'once', 'always', 'nobody', 'bad'),
  reset: row('network', true, 'cut', 'once', 'always', 'nobody', 'bad'),
  // Whoever was silent once is not asked again while somebody else could answer.
  timeout_connect: row('network', true, 'error', 'never', 'always', 'nobody', 'bad'),
  timeout_headers: row('provider', true, 'error', 'never', 'always', 'nobody', 'bad'),
  timeout_first_token: row('provider', true, 'error', 'never', 'always', 'nobody', 'bad'),
  timeout_idle: row('provider', true, 'stalled', 'never', 'always', 'nobody', 'bad', true),
  timeout_content: row('provider', true, 'stalled', 'never', 'always', 'nobody', 'bad', true),
  timeout_total: row('midwatch', false, 'error', 'never', 'never', 'nobody', 'bad'),

  starting: row('midwatch', true, 'error', 'never', 'never', 'nobody', 'none'),
  shutting_down: row('midwatch', true, 'error', 'never', 'never', 'nobody', 'none'),
  // Another try of the same exchange was faster.
  hedge_lost: row('midwatch', false, 'cancelled', 'never', 'never', 'nobody', 'none'),
  // What it said was not the rest of the answer that broke off; to another question it may have been a good one.
  unfit: row('midwatch', false, 'cancelled', 'never', 'never', 'nobody', 'none'),
  internal: ours,
  no_target: row('midwatch', true, 'error', 'never', 'always', 'nobody', 'none'),
});

/** How an exchange ended that ended in this failure. */
export const outcomeOf = (kind: FailureKind): Outcome => SEMANTICS[kind].outcome;

/** Of a try that ended so. Ends that were asked for, or that a policy of the provider meant, say nothing. */
export function healthOf(outcome: Outcome, failure?: Failure): HealthSignal {
  // A caller who gives a target two seconds has not shown that it is slow.
  if (failure?.kind === 'timeout_total' && failure.origin === 'client') return 'none';
  if (failure) return SEMANTICS[failure.kind].health;
  switch (outcome) {
    case 'complete':
    case 'tool':
    case 'length':
    case 'stop':
      return 'good';
    case 'invalid':
    case 'stalled':
    case 'cut':
    case 'error':
      return 'bad';
    default:
      return 'none';
  }
}
