import { expect, test } from 'bun:test';
import { protocolByName } from '../index.ts';
import { encode } from './json.ts';

const read = (protocol: string, status: number, body: unknown, headers: Record<string, string> = {}) => {
  const source = typeof body === 'string' ? body : JSON.stringify(body);
  return protocolByName(protocol)?.readError(status, headers, encode(source), 0);
};
const openai = (message: string, code?: string, type?: string) => ({
  error: { message, type: type ?? 'invalid_request_error', param: null, code: code ?? null },
});
const anthropic = (type: string, message = 'x', error_code?: string) => ({
  type: 'error',
  error: { type, message, ...(error_code ? { details: { error_code } } : {}) },
});

test('errors of servers that speak like OpenAI are told apart', () => {
  const cases: readonly (readonly [number, unknown, string, boolean])[] = [
    [
      400,
      openai("This model's maximum context length is 8192 tokens.", 'context_length_exceeded'),
      'context_overflow',
      false,
    ],
    [
      400,
      { object: 'error', message: 'This model maximum context length is 4096 tokens', code: 400 },
      'context_overflow',
      false,
    ],
    [
      400,
      [
        {
          error: {
            code: 400,
            message: 'The input token count (9) exceeds the maximum number of tokens allowed (8).',
            status: 'INVALID_ARGUMENT',
          },
        },
      ],
      'context_overflow',
      false,
    ],
    [
      400,
      openai(
        'The response was filtered due to the prompt triggering the content management policy',
        'content_filter',
      ),
      'content_filter',
      false,
    ],
    [403, { error: { code: 403, message: 'Your input was flagged by moderation' } }, 'content_filter', false],
    [400, openai('Unsupported value', 'unsupported_value'), 'provider_rejected', false],
    [
      400,
      openai(
        'max_tokens is too large: 9000. This model supports at most 4096 completion tokens',
        'invalid_value',
      ),
      'provider_rejected',
      false,
    ],
    [401, openai('Incorrect API key provided', 'invalid_api_key'), 'provider_auth', false],
    [403, openai('Country not supported', 'unsupported_country_region_territory'), 'provider_auth', false],
    [402, { error: { message: 'Insufficient Balance' } }, 'quota_exhausted', false],
    [
      429,
      openai(
        'You exceeded your current quota, please check your plan',
        'insufficient_quota',
        'insufficient_quota',
      ),
      'quota_exhausted',
      false,
    ],
    [
      429,
      openai('You exceeded your current quota. Please retry in 24.5s.', 'x', 'RESOURCE_EXHAUSTED'),
      'rate_limited',
      true,
    ],
    [429, openai('Rate limit reached', 'rate_limit_exceeded', 'tokens'), 'rate_limited', true],
    [429, '', 'rate_limited', true],
    [404, openai('The model does not exist', 'model_not_found'), 'provider_rejected', false],
    [404, { detail: 'Not Found' }, 'provider_rejected', false],
    [413, openai('Request too large for model', 'rate_limit_exceeded', 'tokens'), 'too_large', false],
    [422, { detail: [{ loc: ['body', 'messages'], msg: 'field required' }] }, 'provider_rejected', false],
    [408, '', 'provider_error', true],
    [500, openai('The server had an error', undefined, 'server_error'), 'provider_error', true],
    [502, '<html><h1>Bad Gateway</h1></html>', 'provider_error', true],
    [503, openai('The engine is currently overloaded'), 'overloaded', true],
    [500, { error: 'model is overloaded' }, 'overloaded', true],
    [302, '', 'provider_error', false],
  ];
  for (const [status, body, kind, retryable] of cases)
    expect({ body, ...read('openai-chat', status, body) }).toMatchObject({ body, kind, retryable, status });
});

test('errors of Anthropic are told apart', () => {
  const cases: readonly (readonly [number, unknown, string, boolean])[] = [
    [
      400,
      anthropic('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
      'context_overflow',
      false,
    ],
    [
      400,
      anthropic('invalid_request_error', 'input length and `max_tokens` exceed context limit'),
      'context_overflow',
      false,
    ],
    [
      400,
      anthropic('invalid_request_error', 'Your credit balance is too low to access the API'),
      'quota_exhausted',
      false,
    ],
    [400, anthropic('invalid_request_error', 'messages: roles must alternate'), 'provider_rejected', false],
    [
      400,
      anthropic('invalid_request_error', 'Output blocked by content filtering policy'),
      'content_filter',
      false,
    ],
    [401, anthropic('authentication_error', 'invalid x-api-key'), 'provider_auth', false],
    [402, anthropic('billing_error'), 'quota_exhausted', false],
    [403, anthropic('permission_error'), 'provider_auth', false],
    [404, anthropic('not_found_error', 'model: x'), 'provider_rejected', false],
    [413, anthropic('request_too_large'), 'too_large', false],
    [429, anthropic('rate_limit_error'), 'rate_limited', true],
    [429, anthropic('rate_limit_error', 'x', 'enforced_spend_limit_reached'), 'quota_exhausted', false],
    [500, anthropic('api_error', 'Internal server error'), 'provider_error', true],
    [504, anthropic('timeout_error'), 'provider_error', true],
    [529, anthropic('overloaded_error', 'Overloaded'), 'overloaded', true],
  ];
  for (const [status, body, kind, retryable] of cases)
    expect({ body, ...read('anthropic-messages', status, body) }).toMatchObject({
      body,
      kind,
      retryable,
      status,
    });
});

test('a failure that can be tried again says when, and the origin has the last word on whether', () => {
  const limited = (headers: Record<string, string>) =>
    read('openai-chat', 429, openai('slow', 'rate_limit_exceeded'), headers);
  expect(limited({ 'retry-after': '7' })?.after).toBe(7000);
  expect(limited({})?.after).toBeUndefined();
  expect(limited({ 'x-should-retry': 'false' })?.retryable).toBe(false);
  expect(read('openai-chat', 400, openai('bad'), { 'retry-after': '7' })?.after).toBeUndefined();
});

test('what failed in the ask keeps the name of the field', () => {
  const body = { error: { message: 'bad', type: 'invalid_request_error', param: 'messages[0]', code: null } };
  expect(read('openai-chat', 400, body)?.param).toBe('messages[0]');
});
