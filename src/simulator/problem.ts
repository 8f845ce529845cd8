import type { Header } from './script.ts';

/** A refusal to answer, before it is worded in a dialect. */
export interface Problem {
  readonly status: number;
  /** OpenAI's `type`; Anthropic's is derived from the status. */
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly param?: string;
  readonly headers?: readonly Header[];
}

export const badRequest = (message: string, param?: string, code?: string): Problem => ({
  status: 400,
  type: 'invalid_request_error',
  message,
  param,
  code,
});

export const isProblem = (value: object): value is Problem => 'status' in value && 'message' in value;

/** What each provider says by itself for a status, when a fault names nothing else. */
export function problemOf(status: number): Problem {
  const known: Readonly<Record<number, readonly [type: string, message: string, code?: string]>> = {
    400: ['invalid_request_error', 'The request could not be understood.'],
    401: ['invalid_request_error', 'Incorrect API key provided.', 'invalid_api_key'],
    402: ['insufficient_quota', 'Payment is required to go on.', 'billing_not_active'],
    403: [
      'invalid_request_error',
      'Country, region, or territory not supported',
      'unsupported_country_region_territory',
    ],
    404: [
      'invalid_request_error',
      'The model does not exist or you do not have access to it.',
      'model_not_found',
    ],
    408: ['timeout', 'Request timed out.'],
    409: ['conflict', 'The resource was changed by another request.'],
    413: ['invalid_request_error', 'Request exceeds the maximum size.'],
    422: ['invalid_request_error', 'The request was well-formed but could not be processed.'],
    429: ['requests', 'Rate limit reached. Please try again later.', 'rate_limit_exceeded'],
    500: ['server_error', 'The server had an error while processing your request. Sorry about that!'],
    502: ['server_error', 'Bad gateway.'],
    503: [
      'server_error',
      'The engine is currently overloaded, please try again later',
      'service_unavailable',
    ],
    504: ['server_error', 'The upstream took too long to answer.'],
    529: ['server_error', 'Overloaded'],
  };
  const [type, message, code] = known[status] ?? [
    status < 500 ? 'invalid_request_error' : 'server_error',
    `Status ${status}.`,
  ];
  return { status, type, message, code };
}
