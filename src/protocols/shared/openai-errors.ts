import type { EpochMs, ExchangeId, Failure, FailureKind, Fields } from '#contracts';
import { readRetryAfter } from '#kernel/resilience';
import { classify, type ErrorReport } from './classify.ts';
import { decodeAnswer, isObject, type Json, parseJson, text } from './json.ts';

/** Status, `type` and `code` by which OpenAI's clients know a failure. A code of our own is the kind itself. */
const SHAPES: Readonly<Record<FailureKind, readonly [status: number, type: string, code?: string]>> = {
  bad_request: [400, 'invalid_request_error'],
  unauthorized: [401, 'invalid_request_error', 'invalid_api_key'],
  forbidden: [403, 'invalid_request_error'],
  unknown_route: [404, 'invalid_request_error', 'model_not_found'],
  not_found: [404, 'invalid_request_error'],
  too_large: [413, 'invalid_request_error', 'request_too_large'],
  dialect_mismatch: [400, 'invalid_request_error'],
  over_budget: [402, 'insufficient_quota', 'budget_exceeded'],
  client_left: [499, 'invalid_request_error'],
  rate_limited: [429, 'rate_limit_error', 'rate_limit_exceeded'],
  quota_exhausted: [429, 'insufficient_quota', 'insufficient_quota'],
  overloaded: [503, 'server_error'],
  provider_error: [502, 'server_error'],
  provider_auth: [502, 'server_error'],
  provider_rejected: [400, 'invalid_request_error'],
  context_overflow: [400, 'invalid_request_error', 'context_length_exceeded'],
  content_filter: [400, 'invalid_request_error', 'content_filter'],
  refused: [400, 'invalid_request_error', 'refused'],
  in_band_error: [502, 'server_error'],
  bad_content_type: [502, 'server_error'],
  malformed: [502, 'server_error'],
  empty: [502, 'server_error'],
  cut: [502, 'server_error'],
  connect: [502, 'server_error'],
  reset: [502, 'server_error'],
  timeout_connect: [504, 'server_error'],
  timeout_headers: [504, 'server_error'],
  timeout_first_token: [504, 'server_error'],
  timeout_idle: [504, 'server_error'],
  timeout_content: [504, 'server_error'],
  timeout_total: [504, 'server_error'],
  starting: [503, 'server_error'],
  shutting_down: [503, 'server_error'],
  hedge_lost: [499, 'server_error'],
  unfit: [502, 'server_error'],
  internal: [500, 'server_error'],
  no_target: [503, 'server_error'],
};

interface OpenAIError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string;
}

function shape(
  failure: Failure,
  exchange: ExchangeId,
): { readonly status: number; readonly error: OpenAIError } {
  const [usual, type, code] = SHAPES[failure.kind];
  // What the provider rejected keeps the provider's status: 404 and 422 are classes of their own in the client.
  const own = failure.kind === 'provider_rejected' && failure.status !== undefined && failure.status < 500;
  return {
    status: own ? (failure.status ?? usual) : usual,
    error: {
      message: `${failure.hint} (exchange ${exchange})`,
      type,
      param: failure.param ?? null,
      code: code ?? failure.kind,
    },
  };
}

export function writeOpenAIError(failure: Failure, exchange: ExchangeId): { status: number; body: string } {
  const { status, error } = shape(failure, exchange);
  return { status, body: JSON.stringify({ error }) };
}

/** The blank line first ends whatever the upstream left unfinished; between events it means nothing. */
export const writeChatStreamError = (failure: Failure, exchange: ExchangeId): string =>
  `\n\ndata: ${JSON.stringify({ error: shape(failure, exchange).error })}\n\n`;

/**
 * `/responses` has an error event of its own, flat and numbered. The relay does not count, so the number is 0.
 * One line end first: here half an event is most often half a name, which the next line replaces.
 */
export function writeResponsesStreamError(failure: Failure, exchange: ExchangeId): string {
  const { code, message, param } = shape(failure, exchange).error;
  const event = { type: 'error', code, message, param, sequence_number: 0 };
  return `\nevent: error\ndata: ${JSON.stringify(event)}\n\n`;
}

export function readOpenAIError(status: number, headers: Fields, body: Uint8Array, now: EpochMs): Failure {
  const source = decodeAnswer(body.length > MAX_ERROR_BODY ? body.subarray(0, MAX_ERROR_BODY) : body);
  const parsed = parseJson(source);
  const after = readRetryAfter(headers, now);
  const should = headers['x-should-retry'];
  return classify({
    // Plain text may say something; a page of HTML does not.
    ...reportOf(parsed ? parsed.value : source.trimStart().startsWith('<') ? undefined : source),
    status,
    ...(after === undefined ? {} : { after }),
    ...(should === 'true' || should === 'false' ? { shouldRetry: should === 'true' } : {}),
  });
}

/** An error object found inside a 200. */
export function openaiInBand(error: unknown): Failure {
  const report = reportOf(isObject(error) && error.error === undefined ? { error } : error);
  return classify({ ...report, status: statusOf(report, isObject(error) ? error : {}) });
}

const MAX_ERROR_BODY = 64 * 1024;

/** The many shapes of servers that speak like OpenAI: `{error:{…}}`, `{error:"…"}`, `{message}`, `{detail}`, `[{error}]`. */
function reportOf(value: unknown): Omit<ErrorReport, 'status'> {
  const outer = Array.isArray(value) ? (value as readonly unknown[])[0] : value;
  if (typeof outer === 'string') return { type: '', code: '', message: outer };
  if (!isObject(outer)) return { type: '', code: '', message: '' };
  const inner = outer.error;
  if (typeof inner === 'string')
    return { type: '', code: text(outer.code), message: `${inner} ${text(outer.message)}`.trim() };
  const error: Json = isObject(inner) ? inner : outer;
  const detail = error.message ?? error.detail ?? error.msg;
  return {
    type: text(error.type) || text(error.status),
    code: text(error.code) || text(isObject(error.innererror) ? error.innererror.code : undefined),
    message: typeof detail === 'string' ? detail : detail === undefined ? '' : JSON.stringify(detail),
    ...(typeof error.param === 'string' ? { param: error.param } : {}),
  };
}

const IN_BAND: readonly (readonly [RegExp, number])[] = [
  [/rate_limit|too_many_requests|resource_exhausted/, 429],
  [/authentication|invalid_api_key/, 401],
  [/permission/, 403],
  [/not_found/, 404],
  [/overloaded|unavailable/, 503],
  [/timeout/, 504],
  [/server_error|internal|api_error/, 500],
  [/invalid|unsupported|bad_request/, 400],
];

/** The status an error inside a 200 stands for: a number it carries (OpenRouter), else what its code or type says. */
function statusOf(report: Omit<ErrorReport, 'status'>, error: Json): number {
  const inner = isObject(error.error) ? error.error : error;
  for (const value of [inner.code, inner.status]) {
    const status = typeof value === 'string' ? Number(value) : value;
    if (typeof status === 'number' && status >= 400 && status < 600) return status;
  }
  for (const said of [report.code.toLowerCase(), report.type.toLowerCase()]) {
    const found = said === '' ? undefined : IN_BAND.find(([pattern]) => pattern.test(said));
    if (found) return found[1];
  }
  return 0;
}
