import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { anthropic, openai } from './speech.ts';

/** What both dialects can say, under one set of names, so that a table can be run in either. */
export interface Tongue {
  readonly name: 'openai' | 'anthropic';
  readonly path: string;
  /** The body of a question. */
  ask(stream: boolean): string;
  readonly json: Readonly<Record<string, string>>;
  readonly sse: Readonly<Record<string, string>>;
  /** A whole answer that says this. */
  answer(text: string, finish?: string): string;
  /** A whole answer without content and without a reason for its end. */
  readonly nothing: string;
  /** Events without output: role, ping, comment. */
  readonly opening: readonly string[];
  readonly ping: string;
  delta(text: string): string;
  /** The reason for the end. */
  reason(finish?: string): string;
  /** What follows the reason: usage and the terminator. */
  readonly usage: string;
  readonly terminator: string;
  /** An error body; `more` are fields of the error object. */
  error(type: string, message: string, code?: string): string;
  /** The same as an event inside a stream. */
  errorEvent(type: string, message: string): string;
  /** The words of the dialect for the same things. */
  readonly words: {
    readonly filtered: string;
    readonly overloaded: string;
    readonly limited: string;
    readonly invalid: string;
    readonly server: string;
    readonly auth: string;
  };
}

export const OPENAI: Tongue = {
  name: 'openai',
  path: openai.path,
  ask: (stream) => JSON.stringify(openai.ask({ stream })),
  json: openai.json,
  sse: openai.sse,
  answer: (text, finish = 'stop') =>
    openai.answer(text).replace('"finish_reason":"stop"', `"finish_reason":"${finish}"`),
  nothing: openai.answer('').replace('"finish_reason":"stop"', '"finish_reason":null'),
  opening: [openai.role],
  ping: ': ping\n\n',
  delta: (text) => openai.delta(text),
  reason: (finish = 'stop') => openai.delta('', finish),
  usage: openai.usage,
  terminator: openai.done,
  error: (type, message, code) =>
    JSON.stringify({ error: { message, type, param: null, code: code ?? null } }),
  errorEvent: (type, message) => `data: ${openai.error(type, message)}\n\n`,
  words: {
    filtered: 'content_filter',
    overloaded: 'server_error',
    limited: 'rate_limit_error',
    invalid: 'invalid_request_error',
    server: 'server_error',
    auth: 'invalid_request_error',
  },
};

export const ANTHROPIC: Tongue = {
  name: 'anthropic',
  path: anthropic.path,
  ask: (stream) => JSON.stringify(anthropic.ask({ stream })),
  json: anthropic.json,
  sse: anthropic.sse,
  answer: (text, finish = 'end_turn') =>
    anthropic.answer(text).replace('"stop_reason":"end_turn"', `"stop_reason":"${finish}"`),
  nothing: JSON.stringify({
    ...(JSON.parse(anthropic.answer('')) as object),
    content: [],
    stop_reason: null,
  }),
  opening: [anthropic.start, anthropic.ping, anthropic.block],
  ping: anthropic.ping,
  delta: (text) => anthropic.delta(text),
  reason: (finish = 'end_turn') => anthropic.blockEnd + anthropic.end(finish),
  usage: '',
  terminator: anthropic.stop,
  error: (type, message) => anthropic.error(type, message),
  errorEvent: (type, message) => `event: error\ndata: ${anthropic.error(type, message)}\n\n`,
  words: {
    filtered: 'refusal',
    overloaded: 'overloaded_error',
    limited: 'rate_limit_error',
    invalid: 'invalid_request_error',
    server: 'api_error',
    auth: 'authentication_error',
  },
};

export const TONGUES = [OPENAI, ANTHROPIC] as const;

/** What the real client of a dialect made of one call. */
export interface Told {
  readonly text: string;
  readonly finish: string | null | undefined;
  /** The words with which the model declined, where the dialect keeps them apart. */
  readonly refusal: string;
  readonly error: Error | undefined;
  /** Of the error, where it came with one. */
  readonly status: number | undefined;
  readonly headers: { get(name: string): string | null } | undefined;
}

export interface AskOptions {
  readonly stream: boolean;
  readonly route?: string;
  readonly signal?: AbortSignal;
  /** Called at the first text of a stream. */
  readonly onText?: () => void;
}

/** One call of the real client, without retries of its own. */
export async function asked(url: string, tongue: Tongue, options: AskOptions): Promise<Told> {
  let text = '';
  let finish: string | null | undefined;
  let refusal = '';
  const heard = (piece: string) => {
    text += piece;
    if (piece !== '') options.onText?.();
  };
  const more = {
    ...(options.signal && { signal: options.signal }),
    headers: options.route === undefined ? {} : { 'x-midwatch-route': options.route },
  };
  try {
    if (tongue.name === 'openai') {
      const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'x', maxRetries: 0 });
      if (options.stream) {
        const stream = await client.chat.completions.create(
          openai.ask({ stream: true }) as OpenAI.ChatCompletionCreateParamsStreaming,
          more,
        );
        for await (const part of stream) {
          // An event of unknown type passes as it is, and this client hands it on.
          const choice = part.choices?.[0];
          heard(choice?.delta.content ?? '');
          refusal += choice?.delta.refusal ?? '';
          finish = choice?.finish_reason ?? finish;
        }
      } else {
        const answer = await client.chat.completions.create(
          openai.ask() as OpenAI.ChatCompletionCreateParamsNonStreaming,
          more,
        );
        heard(answer.choices[0]?.message.content ?? '');
        refusal = answer.choices[0]?.message.refusal ?? '';
        finish = answer.choices[0]?.finish_reason;
      }
    } else {
      const client = new Anthropic({ baseURL: url, apiKey: 'x', maxRetries: 0 });
      if (options.stream) {
        const stream = client.messages.stream(anthropic.ask(), more);
        stream.on('text', heard);
        const message = await stream.finalMessage();
        finish = message.stop_reason;
      } else {
        const message = await client.messages.create(anthropic.ask(), more);
        for (const block of message.content) if (block.type === 'text') heard(block.text);
        finish = message.stop_reason;
      }
    }
  } catch (error) {
    const { status, headers } = error as { status?: number; headers?: Response['headers'] };
    return { text, finish, refusal, error: error as Error, status, headers };
  }
  return { text, finish, refusal, error: undefined, status: undefined, headers: undefined };
}

/** The class by which the client of this dialect knows an HTTP status. */
export function classOf(tongue: Tongue, status: number): unknown {
  const of = tongue.name === 'openai' ? OpenAI : Anthropic;
  const known: Readonly<Record<number, unknown>> = {
    400: of.BadRequestError,
    401: of.AuthenticationError,
    403: of.PermissionDeniedError,
    404: of.NotFoundError,
    409: of.ConflictError,
    422: of.UnprocessableEntityError,
    429: of.RateLimitError,
  };
  return known[status] ?? (status >= 500 ? of.InternalServerError : of.APIError);
}

export const apiError = (tongue: Tongue): unknown => (tongue.name === 'openai' ? OpenAI : Anthropic).APIError;

export interface Raw {
  readonly status: number;
  readonly headers: Response['headers'];
  readonly body: string;
  /** The connection broke before the answer was over. */
  readonly broke: boolean;
}

/** The same call without a client between: for what the bytes are. */
export async function fetched(
  url: string,
  tongue: Tongue,
  { stream, route, signal, onText }: AskOptions,
): Promise<Raw> {
  const response = await fetch(`${url}${tongue.path}`, {
    method: 'POST',
    body: tongue.ask(stream),
    headers: {
      'content-type': 'application/json',
      ...(route !== undefined && { 'x-midwatch-route': route }),
    },
    ...(signal && { signal }),
  });
  const decoder = new TextDecoder();
  let body = '';
  let broke = false;
  try {
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
      body += decoder.decode(part, { stream: true });
      if (body.includes('Hel')) onText?.();
    }
  } catch {
    broke = true;
  }
  return { status: response.status, headers: response.headers, body, broke };
}
