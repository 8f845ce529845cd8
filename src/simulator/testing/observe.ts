import { isObject, type JsonObject } from '../call.ts';

/** What a client of one dialect can tell about an answer, read from the bytes alone. */
export interface Seen {
  /** `refused`: broken before any head. `hung`: nothing more comes. `broken`: torn after the head. */
  readonly end: 'clean' | 'broken' | 'refused' | 'hung';
  /** `code` of the error that fetch gave. */
  readonly errorCode?: string;
  readonly status?: number;
  readonly headers: Headers;
  readonly body: string;
  /** Bytes of each read. */
  readonly reads: readonly number[];
  /** Visible text. */
  readonly content: string;
  readonly refusal: string;
  readonly finish?: string;
  readonly usage: boolean;
  /** The stream's terminator came. */
  readonly done: boolean;
  /** Error object inside the body or a stream. */
  readonly error?: JsonObject;
  /** Events (or bodies) that are not JSON. */
  readonly malformed: number;
  readonly model?: string;
  readonly fingerprint?: string;
}

export type DialectName = 'openai-chat' | 'openai-responses' | 'anthropic-messages';

type Told = { -readonly [K in keyof Seen]?: Seen[K] } & {
  content: string;
  refusal: string;
  malformed: number;
};

/** Reads a body as its dialect's clients do; tolerant, since broken bodies are the point. */
export function observe(dialect: DialectName, stream: boolean, body: string): Told {
  const told: Told = { content: '', refusal: '', usage: false, done: false, malformed: 0 };
  const read = READERS[dialect];
  // An error comes as plain JSON even where a stream was asked for.
  if (!stream || body.startsWith('{')) {
    const value = parse(body);
    if (isObject(value)) read(value, told);
    else told.malformed++;
    return told;
  }
  for (const event of body.split('\n\n')) {
    const lines = event.split('\n').filter((line) => line !== '');
    if (lines.some((line) => !/^(?:data:|event:|id:|retry:|:)/.test(line))) told.malformed++;
    const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trim());
    if (data.length === 0) continue;
    if (data[0] === '[DONE]') {
      told.done = true;
      continue;
    }
    const value = parse(data.join('\n'));
    if (isObject(value)) read(value, told);
    else told.malformed++;
  }
  return told;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const string = (value: unknown): string => (typeof value === 'string' ? value : '');
const list = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

const READERS: Readonly<Record<DialectName, (value: JsonObject, told: Told) => void>> = {
  'openai-chat'(value, told) {
    if (isObject(value.error)) told.error = value.error;
    if (typeof value.model === 'string') told.model = value.model;
    if (typeof value.system_fingerprint === 'string') told.fingerprint = value.system_fingerprint;
    if (isObject(value.usage)) told.usage = true;
    for (const choice of list(value.choices)) {
      const said = isObject(choice.delta) ? choice.delta : isObject(choice.message) ? choice.message : {};
      told.content += string(said.content);
      told.refusal += string(said.refusal);
      if (typeof choice.finish_reason === 'string') told.finish = choice.finish_reason;
    }
  },
  'openai-responses'(value, told) {
    if (isObject(value.error)) told.error = value.error;
    if (value.type === 'error') told.error = value;
    if (value.type === 'response.output_text.delta') told.content += string(value.delta);
    if (value.type === 'response.refusal.delta') told.refusal += string(value.delta);
    const response = isObject(value.response) ? value.response : value;
    if (typeof response.model === 'string') told.model = response.model;
    if (isObject(response.usage)) told.usage = true;
    if (response.status === 'completed' || response.status === 'incomplete') {
      told.done = true;
      const details = response.incomplete_details;
      told.finish = isObject(details) ? string(details.reason) : 'completed';
    }
    if (response !== value) return;
    for (const item of list(value.output))
      for (const part of list(item.content)) {
        told.content += string(part.text);
        told.refusal += string(part.refusal);
      }
  },
  'anthropic-messages'(value, told) {
    if (isObject(value.error)) told.error = value.error;
    const message = isObject(value.message) ? value.message : value;
    if (typeof message.model === 'string') told.model = message.model;
    if (isObject(message.usage)) told.usage = true;
    const delta = isObject(value.delta) ? value.delta : {};
    told.content += string(delta.text);
    for (const block of list(value.content)) told.content += string(block.text);
    const reason = delta.stop_reason ?? value.stop_reason;
    if (typeof reason === 'string') told.finish = reason;
    if (value.type === 'message_stop') told.done = true;
  },
};
