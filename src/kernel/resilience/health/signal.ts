import type { Failure, Outcome } from '#contracts';

/**
 * What the end of an attempt says about its target. `good`: it served. `bad`: it failed at serving. `capacity`: it is
 * well and full (park it, do not condemn it). `none`: says nothing about it, because the cause lies with the caller, with
 * us, with the credential, or is a policy of the provider that is working as meant.
 */
export type HealthSignal = 'good' | 'bad' | 'capacity' | 'none';

/** The signal of one ended attempt. */
export function healthSignal(outcome: Outcome, failure?: Failure): HealthSignal {
  switch (outcome) {
    case 'complete':
    case 'tool':
    case 'length':
    case 'stop':
      return 'good';
    case 'refusal':
    case 'content_filter':
    case 'context_overflow':
    case 'cancelled':
      return 'none';
    case 'invalid':
    case 'stalled':
    case 'cut':
      return 'bad';
    case 'error':
      return failure === undefined ? 'bad' : ofFailure(failure);
  }
}

function ofFailure({ kind, origin }: Failure): HealthSignal {
  switch (kind) {
    case 'rate_limited':
    case 'quota_exhausted':
      return 'capacity';
    case 'overloaded':
    case 'provider_error':
    case 'in_band_error':
    case 'bad_content_type':
    case 'malformed':
    case 'empty':
    case 'cut':
    case 'connect':
    case 'reset':
    case 'timeout_connect':
    case 'timeout_headers':
    case 'timeout_first_token':
    case 'timeout_idle':
      return 'bad';
    case 'timeout_total':
      // A caller who gives a target two seconds has not shown that it is slow.
      return origin === 'client' ? 'none' : 'bad';
    case 'bad_request':
    case 'unauthorized':
    case 'forbidden':
    case 'unknown_route':
    case 'not_found':
    case 'too_large':
    case 'dialect_mismatch':
    case 'client_left':
    case 'provider_auth':
    case 'provider_rejected':
    case 'context_overflow':
    case 'content_filter':
    case 'shutting_down':
    case 'internal':
    case 'no_target':
      return 'none';
  }
}
