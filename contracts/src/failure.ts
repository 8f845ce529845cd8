/** What went wrong, whose it is, whether to try again and what a person should do. A value; never thrown inside. */
export interface Failure {
  readonly kind: FailureKind;
  readonly origin: FailureOrigin;
  readonly retryable: boolean;
  /** Milliseconds to wait before another try, when the origin said so. */
  readonly after?: number;
  /** One sentence that says what to do. Never contains a credential. */
  readonly hint: string;
  /** HTTP status the origin answered with, if it got that far. */
  readonly status?: number;
  /** Path of the field that is wrong, for instance `messages[2].role`. */
  readonly param?: string;
}

export type FailureOrigin = 'client' | 'midwatch' | 'provider' | 'network';

export const FAILURE_KINDS = [
  // the caller's
  'bad_request',
  'unauthorized',
  'forbidden',
  'unknown_route',
  'not_found',
  'too_large',
  'dialect_mismatch',
  'over_budget',
  'client_left',
  // the provider's
  'rate_limited',
  'quota_exhausted',
  'overloaded',
  'provider_error',
  'provider_auth',
  'provider_rejected',
  'context_overflow',
  'content_filter',
  'refused',
  'in_band_error',
  'bad_content_type',
  'malformed',
  'empty',
  'cut',
  // the wire's and the clock's
  'connect',
  'reset',
  'timeout_connect',
  'timeout_headers',
  'timeout_first_token',
  'timeout_idle',
  'timeout_content',
  'timeout_total',
  // our own
  'starting',
  'shutting_down',
  'hedge_lost',
  'unfit',
  'internal',
  'no_target',
] as const;

export type FailureKind = (typeof FAILURE_KINDS)[number];

/** Outcomes are values inside; exceptions exist only at edges. */
export type Result<T, E = Failure> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
export const err = <E>(error: E): { readonly ok: false; readonly error: E } => ({ ok: false, error });
