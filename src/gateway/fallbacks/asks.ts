import type { Protocol, Translator } from '#contracts';

/** Asks of a drill. They are written once, for chat, and translated to whatever callers of the edge speak. */
export interface DrillAsk {
  readonly model: string;
  readonly stream?: boolean;
  /** Further members of a chat ask. */
  readonly more?: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly maxTokens: number;
}

const encoder = new TextEncoder();
const CHAT = 'openai-chat';

/** Undefined where callers of this protocol cannot ask for that at all. */
export function written(
  { model, stream = false, more = {}, text, maxTokens }: DrillAsk,
  protocol: Protocol,
  translator: (from: string, to: string) => Translator | undefined,
): Uint8Array | undefined {
  const body = encoder.encode(
    JSON.stringify({
      model,
      messages: [{ role: 'user', content: text }],
      max_completion_tokens: maxTokens,
      ...(stream && { stream: true, stream_options: { include_usage: true } }),
      ...more,
    }),
  );
  if (protocol.name === CHAT) return body;
  const told = translator(CHAT, protocol.name)?.ask(body, { model, maxTokensDefault: maxTokens });
  return told?.ok ? told.value.body : undefined;
}

const CITY = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer' } },
  required: ['city', 'days'],
  additionalProperties: false,
} as const;

/** Enough for a model that thinks before it says one word. */
export const SMALL = 256;

export const PLAIN = { text: 'Reply with the word ready.', maxTokens: SMALL } as const;
export const WITH_TOOL = {
  text: 'Call the tool forecast for Lisbon and 3 days.',
  maxTokens: SMALL,
  more: {
    tools: [
      {
        type: 'function',
        function: { name: 'forecast', description: 'Weather of the next days.', parameters: CITY },
      },
    ],
    tool_choice: { type: 'function', function: { name: 'forecast' } },
  },
} as const;
export const WITH_SCHEMA = {
  text: 'Plan a stay of 3 days in Lisbon.',
  maxTokens: SMALL,
  more: {
    response_format: { type: 'json_schema', json_schema: { name: 'stay', strict: true, schema: CITY } },
  },
} as const;

/** A text of about so many tokens: short words are one each, by count and by the usual four characters. */
export const filler = (tokens: number): string =>
  `${'yes '.repeat(Math.max(0, Math.round(tokens) - 10))}Reply with the word ready.`;
