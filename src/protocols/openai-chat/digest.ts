import type { Axes, Digest } from '#contracts';
import { digestOf, filled, type TakenApart, without, withoutBlanks } from '../shared/digest.ts';
import type { Json } from '../shared/json.ts';
import { isObject, list, word } from '../shared/json.ts';

export const digest = (ask: Uint8Array, answer: Uint8Array | undefined, declared: Axes): Digest =>
  digestOf(ask, answer, declared, takeApart, withoutBlanks);

function takeApart(ask: Json): TakenApart {
  const model = word(ask.model);
  const structured = isObject(ask.response_format) && ask.response_format.type !== 'text';
  return {
    ...(model ? { model } : {}),
    messages: list(ask.messages).map(withoutBlanks),
    ...(filled(ask.tools) ? { tools: ask.tools } : {}),
    ...(structured ? { schema: ask.response_format } : {}),
    envelope: without(
      ask,
      'messages',
      ...(filled(ask.tools) ? ['tools'] : []),
      ...(structured ? ['response_format'] : []),
    ),
  };
}

export function rebuild(parts: {
  readonly messages: readonly unknown[];
  readonly tools?: unknown;
  readonly schema?: unknown;
  readonly envelope: Json;
}): Json {
  return {
    ...parts.envelope,
    messages: parts.messages,
    ...(parts.tools === undefined ? {} : { tools: parts.tools }),
    ...(parts.schema === undefined ? {} : { response_format: parts.schema }),
  };
}
