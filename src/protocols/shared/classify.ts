import type { Failure } from '#contracts';
import { failure } from './failures.ts';
import { scrub } from './scrub.ts';

/** What an error says about itself, whatever its dialect. */
export interface ErrorReport {
  /** HTTP status, or the status an in-band error stands for; 0 when neither is known. */
  readonly status: number;
  readonly type: string;
  readonly code: string;
  readonly message: string;
  readonly param?: string;
  /** Milliseconds, from the headers. */
  readonly after?: number;
  /** The origin's own word on whether to try again (`x-should-retry`). */
  readonly shouldRetry?: boolean;
}

const CONTEXT_CODES = new Set([
  'context_length_exceeded',
  'model_context_window_exceeded',
  'context_window_exceeded',
]);
const CONTEXT =
  /context[ _]length|maximum context|context[ _]window|prompt is too long|input is too long|too many (input |prompt )?tokens|reduce the length|max_new_tokens.*must be|input length and `?max_tokens|exceeds? the (model'?s )?max(imum)? (input|number of tokens|tokens)/i;
const FILTER_CODES = new Set([
  'content_filter',
  'content_policy_violation',
  'responsibleaipolicyviolation',
  'content_filtered',
  'moderation_blocked',
  'image_content_policy_violation',
  'misalignment_policy_violation',
  'bio_policy',
]);
const FILTER = /content (management )?(filter|policy)|flagged (by|as|for)|safety system|requires moderation/i;
const QUOTA_CODES = new Set([
  'insufficient_quota',
  'billing_hard_limit_reached',
  'billing_not_active',
  'billing_error',
  'contract_spend_limit_reached',
  'enforced_spend_limit_reached',
  'linked_organization_spend_limit_reached',
  'insufficient_balance',
]);
const QUOTA = /credit balance is too low|insufficient (balance|credits|quota|funds)|billing hard limit/i;
/** Gemini words an ordinary minute limit like this too, but then says when to come back; OpenAI's dead account does not. */
const SOFT_QUOTA = /exceeded your current quota/i;
const OVERLOADED = /overloaded|over capacity|at capacity|capacity exceeded|server is busy/i;
const RATE_CODES = /rate[_ -]?limit|too_many_requests|throttl|resource_exhausted/i;
const AUTH_CODES =
  /^(invalid_api_key|invalid_authentication|authentication_error|permission_error|permission_denied|account_deactivated)$/;

export function classify(report: ErrorReport): Failure {
  const { status, message } = report;
  const words = [report.code.toLowerCase(), report.type.toLowerCase()];
  const any = (set: ReadonlySet<string>) => words.some((word) => set.has(word));
  const after = report.after ?? spokenWait(message);
  const rejected = status === 400 || status === 413 || status === 422 || status === 0;
  const said = message === '' ? '' : `: ${scrub(message)}`;
  const facts = {
    ...(status > 0 ? { status } : {}),
    ...(report.param === undefined ? {} : { param: report.param }),
  };
  const name = status > 0 ? ` (${status})` : '';

  if (any(CONTEXT_CODES) || (rejected && CONTEXT.test(message)))
    return failure(
      'context_overflow',
      `The ask does not fit the model's context window${name}${said}`,
      facts,
    );
  if (any(FILTER_CODES) || ((rejected || status === 403) && FILTER.test(message)))
    return failure('content_filter', `The provider's content filter refused this${name}${said}`, facts);
  if (
    status === 402 ||
    any(QUOTA_CODES) ||
    QUOTA.test(message) ||
    (status === 429 && after === undefined && SOFT_QUOTA.test(message))
  )
    return failure(
      'quota_exhausted',
      `The provider account's quota or credit is used up${name}; waiting does not help, the account must be topped up.`,
      facts,
    );
  // The provider's words are left out: they like to quote the credential.
  if (status === 401 || status === 403 || words.some((word) => AUTH_CODES.test(word)))
    return failure(
      'provider_auth',
      `The provider refused the credential it was called with${name}; check the API key and its permissions.`,
      facts,
    );
  const retry = {
    ...facts,
    ...(after === undefined ? {} : { after }),
    ...(report.shouldRetry === undefined ? {} : { retryable: report.shouldRetry }),
  };
  // Before the rate: Groq calls an ask that can never fit the minute's budget a rate limit.
  if (status === 413)
    return failure('too_large', `The provider finds the ask too large${name}${said}`, {
      ...facts,
      origin: 'provider',
    });
  if (status === 429 || words.some((word) => RATE_CODES.test(word)))
    return failure('rate_limited', `The provider limits the rate${name}; try again later${said}`, retry);
  if (
    status === 503 ||
    status === 529 ||
    words.includes('overloaded_error') ||
    (status >= 500 && OVERLOADED.test(message))
  )
    return failure('overloaded', `The provider is overloaded${name}; try again later${said}`, retry);
  if (status >= 500) return failure('provider_error', `The provider failed${name}${said}`, retry);
  if (status === 408 || status === 409 || status === 425)
    return failure('provider_error', `The provider asks to try again${name}${said}`, retry);
  if (status >= 400)
    return failure('provider_rejected', `The provider rejected the ask${name}${said}`, facts);
  if (status === 0)
    return failure('in_band_error', `The provider reported an error inside its answer${said}`, retry);
  return failure(
    'provider_error',
    `The provider answered with status ${status} where 200 was expected${said}`,
    { ...facts, retryable: false },
  );
}

/** «Please try again in 6m0s» / «Please retry in 24.5s»: some providers say it in prose only. */
function spokenWait(message: string): number | undefined {
  const match = /(?:try again|retry) in (\d+(?:\.\d+)?)\s?(ms|s|m)\b/i.exec(message);
  if (!match) return undefined;
  const unit = match[2]?.toLowerCase() === 'ms' ? 1 : match[2]?.toLowerCase() === 's' ? 1000 : 60_000;
  return Math.round(Number(match[1]) * unit);
}
