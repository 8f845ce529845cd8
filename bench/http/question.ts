import { writeDigits } from './digits.ts';

/** Where questions go. `headers` are the contender's own: a key, or who the provider is. */
export interface Address {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Each question has an `Idempotency-Key` of its own: its number. */
  readonly named?: boolean;
}

export interface Question {
  /** The whole request; the buffer is the same for every number. */
  numbered(number: number): Uint8Array;
  /** Bytes of its JSON. */
  readonly bodyBytes: number;
}

/** Digits of the number that each question carries. */
export const NUMBER_WIDTH = 12;
const MODEL = 'gpt-4o-mini';
const KEY = 'idempotency-key';
const SYSTEM =
  'You are the assistant of a parcel service. Answer in at most three sentences, name the depot when you know it, and say so when a parcel cannot be found. Never promise a delivery time that the tracking record does not hold.';

/**
 * One chat completion as an application asks it, some 550 bytes of JSON. Every question carries a number of its own, so
 * that none is the same as another: content-addressed storage must not be flattered by repetition.
 */
export function chatQuestion({ port, headers, named = false }: Address, tokens?: number): Question {
  const blank = '0'.repeat(NUMBER_WIDTH);
  const body = JSON.stringify({
    model: MODEL,
    messages: [
      { role: 'system', content: SYSTEM },
      {
        role: 'user',
        content: `Where is parcel ${blank}, and why has it not moved since Tuesday? My street is closed.`,
      },
    ],
    temperature: 0.2,
    max_tokens: tokens ?? 120,
    ...(tokens === undefined ? {} : { stream: true, stream_options: { include_usage: true } }),
  });
  const lines = Object.entries({
    host: `127.0.0.1:${port}`,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
    ...(named && { [KEY]: blank }),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const bytes = Buffer.from(`POST /v1/chat/completions HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
  const places = [`parcel ${blank}`, ...(named ? [`${KEY}: ${blank}`] : [])].map(
    (text) => bytes.indexOf(text) + text.length - NUMBER_WIDTH,
  );
  return {
    bodyBytes: Buffer.byteLength(body),
    numbered(number) {
      for (const at of places) writeDigits(bytes, at, NUMBER_WIDTH, number);
      return bytes;
    },
  };
}
