import type { Failure, FailureKind, FailureOrigin } from '#contracts';

/** Whose a failure is and whether another try may help, unless the one who reports it knows better. */
const TRAITS: Readonly<Record<FailureKind, readonly [FailureOrigin, boolean]>> = {
  bad_request: ['client', false],
  unauthorized: ['client', false],
  forbidden: ['client', false],
  unknown_route: ['client', false],
  not_found: ['client', false],
  too_large: ['client', false],
  dialect_mismatch: ['client', false],
  client_left: ['client', false],
  rate_limited: ['provider', true],
  quota_exhausted: ['provider', false],
  overloaded: ['provider', true],
  provider_error: ['provider', true],
  provider_auth: ['provider', false],
  provider_rejected: ['provider', false],
  context_overflow: ['provider', false],
  content_filter: ['provider', false],
  in_band_error: ['provider', true],
  bad_content_type: ['provider', true],
  malformed: ['provider', true],
  empty: ['provider', true],
  cut: ['provider', true],
  connect: ['network', true],
  reset: ['network', true],
  timeout_connect: ['network', true],
  timeout_headers: ['provider', true],
  timeout_first_token: ['provider', true],
  timeout_idle: ['provider', true],
  timeout_total: ['midwatch', false],
  shutting_down: ['midwatch', true],
  internal: ['midwatch', false],
  no_target: ['midwatch', true],
};

export function failure(
  kind: FailureKind,
  hint: string,
  more: Partial<Omit<Failure, 'kind' | 'hint'>> = {},
): Failure {
  const [origin, retryable] = TRAITS[kind];
  return { kind, origin, retryable, hint, ...more };
}
