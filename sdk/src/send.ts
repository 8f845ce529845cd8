import type { Lane } from '@midwatch/contracts';
import { quotaDeferred } from './deferred.ts';
import { readError } from './error.ts';
import { type CallOptions, caller, type MidwatchOptions } from './http.ts';

export interface AskOptions {
  /** Who goes first when there is not enough for all; `normal` unless said. */
  readonly priority?: Lane;
  /** Milliseconds that the answer may take in all, tries and waits included. A call that cannot be in time is refused at once. */
  readonly deadlineMs?: number;
  /** Calls with the same key are one call; who comes back with it finds the place that was kept. */
  readonly idempotencyKey?: string;
}

export interface SendOptions extends AskOptions, CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
}

/** The same wishes as headers, for a client of OpenAI's or Anthropic's. @throws RangeError for a deadline that is none */
export function wishes({ priority, deadlineMs, idempotencyKey }: AskOptions): Record<string, string> {
  if (deadlineMs !== undefined && !(deadlineMs > 0 && Number.isFinite(deadlineMs)))
    throw new RangeError(`deadlineMs is ${deadlineMs}; write milliseconds above 0`);
  return {
    ...(priority !== undefined && { 'x-midwatch-priority': priority }),
    ...(deadlineMs !== undefined && { 'x-midwatch-deadline-ms': String(Math.ceil(deadlineMs)) }),
    ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
  };
}

/** Asks a model. The answer is good and its body unread, so that it may be a stream. */
export function sender(options: MidwatchOptions) {
  const { call } = caller(options);
  return async (endpoint: string, body: unknown, asked: SendOptions = {}): Promise<Response> => {
    const { signal } = asked;
    const headers = {
      'content-type': 'application/json',
      ...(options.key !== undefined && { authorization: `Bearer ${options.key}` }),
      ...wishes(asked),
      ...asked.headers,
    };
    const response = await call(endpoint, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });
    if (response.ok) return response;
    const error = await readError(response);
    throw quotaDeferred({ status: error.status, headers: response.headers, message: error.message }) ?? error;
  };
}
