import type { Asked } from './asked.ts';
import type { Call } from './call.ts';
import { badRequest, type Problem } from './problem.ts';
import type { Admission, LimitName } from './quota.ts';

type Family = 'openai' | 'anthropic';

/** The prompt does not fit the model's window; worded as each provider words it. */
export function overflowProblem(family: Family, dialect: string, tokens: number, context: number): Problem {
  if (family === 'anthropic') return badRequest(`prompt is too long: ${tokens} tokens > ${context} maximum`);
  return dialect === 'openai-responses'
    ? badRequest(
        'Your input exceeds the context window of this model. Please adjust your input and try again.',
        'input',
        'context_length_exceeded',
      )
    : badRequest(
        `This model's maximum context length is ${context} tokens. However, your messages resulted in ${tokens} tokens. Please reduce the length of the messages.`,
        'messages',
        'context_length_exceeded',
      );
}

export function modelProblem(family: Family, model: string): Problem {
  return family === 'anthropic'
    ? { status: 404, type: 'not_found_error', message: `model: ${model}` }
    : {
        status: 404,
        type: 'invalid_request_error',
        message: `The model \`${model}\` does not exist or you do not have access to it.`,
        code: 'model_not_found',
      };
}

export function keyProblem(family: Family): Problem {
  return {
    status: 401,
    type: family === 'anthropic' ? 'authentication_error' : 'invalid_request_error',
    // The real provider repeats part of the key here; a simulator has no reason to.
    message:
      family === 'anthropic'
        ? 'invalid x-api-key'
        : 'Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.',
    code: 'invalid_api_key',
  };
}

const ANTHROPIC_UNITS: Readonly<Record<LimitName, string>> = {
  requests: 'requests per minute',
  tokens: 'input tokens per minute',
  inputTokens: 'input tokens per minute',
  outputTokens: 'output tokens per minute',
  day: 'tokens per day',
};
const OPENAI_UNITS: Readonly<Record<LimitName, string>> = {
  requests: 'requests per min (RPM)',
  tokens: 'tokens per min (TPM)',
  inputTokens: 'input tokens per min (TPM)',
  outputTokens: 'output tokens per min (TPM)',
  day: 'tokens per day (TPD)',
};

/** 429 with the waits in every place where the provider puts them. */
export function quotaProblem(
  family: Family,
  asked: Asked,
  tokens: number,
  exceeded: NonNullable<Admission['exceeded']>,
): Problem {
  const { what, limit, waitMs } = exceeded;
  const seconds = String(Math.max(1, Math.ceil(waitMs / 1000)));
  if (family === 'anthropic')
    return {
      status: 429,
      type: 'rate_limit_error',
      message: `This request would exceed your organization's rate limit of ${limit} ${ANTHROPIC_UNITS[what]}. Please reduce the prompt length or the maximum tokens requested, or try again later.`,
      headers: [['retry-after', seconds]],
    };
  const unit = OPENAI_UNITS[what];
  const wait = waitMs < 1000 ? `${waitMs}ms` : `${Number((waitMs / 1000).toFixed(3))}s`;
  return {
    status: 429,
    type: what === 'requests' ? 'requests' : 'tokens',
    message: `Rate limit reached for ${asked.model} in organization org-simulator on ${unit}: Limit ${limit}, Requested ${what === 'requests' ? 1 : tokens}. Please try again in ${wait}. Visit https://platform.openai.com/account/rate-limits to learn more.`,
    code: 'rate_limit_exceeded',
    headers: [
      ['retry-after', seconds],
      ['retry-after-ms', String(Math.max(1, waitMs))],
    ],
  };
}

/** No such path, or not with this method. */
export function lostProblem(family: Family, call: Call, status: 404 | 405): Problem {
  if (family === 'anthropic')
    return { status, type: 'not_found_error', message: status === 404 ? 'Not Found' : 'Method Not Allowed' };
  return {
    status,
    type: 'invalid_request_error',
    message:
      status === 404
        ? `Invalid URL (${call.method} ${call.path})`
        : `Not allowed to ${call.method} on ${call.path}. (HINT: Perhaps you meant to use a different HTTP method?)`,
  };
}
