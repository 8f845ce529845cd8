import type { EpochMs, ExchangeId, Failure, FailureKind, Fields } from '#contracts';
import { readRetryAfter } from '#kernel/resilience';
import { classify, type ErrorReport } from './classify.ts';
import { decodeAnswer, isObject, parseJson, text } from './json.ts';

/** Status and `type` by which Anthropic's clients know a failure. */
const SHAPES: Readonly<Record<FailureKind, readonly [status: number, type: string]>> = {
  bad_request: [400, 'invalid_request_error'],
  unauthorized: [401, 'authentication_error'],
  forbidden: [403, 'permission_error'],
  unknown_route: [404, 'not_found_error'],
  not_found: [404, 'not_found_error'],
  too_large: [413, 'request_too_large'],
  dialect_mismatch: [400, 'invalid_request_error'],
  over_budget: [402, 'billing_error'],
  client_left: [499, 'invalid_request_error'],
  rate_limited: [429, 'rate_limit_error'],
  quota_exhausted: [402, 'billing_error'],
  overloaded: [529, 'overloaded_error'],
  provider_error: [502, 'api_error'],
  provider_auth: [502, 'api_error'],
  provider_rejected: [400, 'invalid_request_error'],
  context_overflow: [400, 'invalid_request_error'],
  content_filter: [400, 'invalid_request_error'],
  refused: [400, 'invalid_request_error'],
  in_band_error: [502, 'api_error'],
  bad_content_type: [502, 'api_error'],
  malformed: [502, 'api_error'],
  empty: [502, 'api_error'],
  cut: [502, 'api_error'],
  connect: [502, 'api_error'],
  reset: [502, 'api_error'],
  timeout_connect: [504, 'timeout_error'],
  timeout_headers: [504, 'timeout_error'],
  timeout_first_token: [504, 'timeout_error'],
  timeout_idle: [504, 'timeout_error'],
  timeout_content: [504, 'timeout_error'],
  timeout_total: [504, 'timeout_error'],
  starting: [503, 'api_error'],
  shutting_down: [503, 'api_error'],
  hedge_lost: [499, 'api_error'],
  unfit: [502, 'api_error'],
  internal: [500, 'api_error'],
  no_target: [503, 'api_error'],
};

/** What an error type stands for over HTTP, for errors inside a 200. */
const STATUS: ReadonlyMap<string, number> = new Map([
  ['invalid_request_error', 400],
  ['authentication_error', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['not_found_error', 404],
  ['conflict_error', 409],
  ['request_too_large', 413],
  ['rate_limit_error', 429],
  ['api_error', 500],
  ['timeout_error', 504],
  ['overloaded_error', 529],
]);

const REJECTED_TYPES: Readonly<Record<number, string>> = { 404: 'not_found_error', 413: 'request_too_large' };

function body(failure: Failure, exchange: ExchangeId, type: string): string {
  return JSON.stringify({
    type: 'error',
    error: { type, message: `${failure.hint} (exchange ${exchange})` },
    request_id: exchange,
  });
}

export function writeAnthropicError(
  failure: Failure,
  exchange: ExchangeId,
): { status: number; body: string } {
  const [status, type] = SHAPES[failure.kind];
  // What the provider rejected keeps the provider's status: 404 and 422 are classes of their own in the client.
  if (failure.kind === 'provider_rejected' && failure.status !== undefined && failure.status < 500)
    return { status: failure.status, body: body(failure, exchange, REJECTED_TYPES[failure.status] ?? type) };
  return { status, body: body(failure, exchange, type) };
}

/** The blank line first ends whatever the upstream left unfinished; between events it means nothing. */
export const writeAnthropicStreamError = (failure: Failure, exchange: ExchangeId): string =>
  `\n\nevent: error\ndata: ${body(failure, exchange, SHAPES[failure.kind][1])}\n\n`;

const MAX_ERROR_BODY = 64 * 1024;

export function readAnthropicError(status: number, headers: Fields, raw: Uint8Array, now: EpochMs): Failure {
  const source = decodeAnswer(raw.length > MAX_ERROR_BODY ? raw.subarray(0, MAX_ERROR_BODY) : raw);
  const after = readRetryAfter(headers, now);
  const should = headers['x-should-retry'];
  return classify({
    ...reportOf(parseJson(source)?.value),
    status,
    ...(after === undefined ? {} : { after }),
    ...(should === 'true' || should === 'false' ? { shouldRetry: should === 'true' } : {}),
  });
}

/** An error event, or an error object found inside a 200. */
export function anthropicInBand(value: unknown): Failure {
  const report = reportOf(value);
  return classify({ ...report, status: STATUS.get(report.type) ?? 0 });
}

/** Servers that only speak like Anthropic also write `{error: "…"}`. */
function reportOf(value: unknown): Omit<ErrorReport, 'status'> {
  if (isObject(value) && typeof value.error === 'string') return { type: '', code: '', message: value.error };
  const error = isObject(value) ? (isObject(value.error) ? value.error : value) : {};
  const details = isObject(error.details) ? error.details : {};
  return { type: text(error.type), code: text(details.error_code), message: text(error.message) };
}
