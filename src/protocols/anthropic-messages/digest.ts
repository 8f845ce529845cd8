import type { Axes, Digest } from '#contracts';
import { digestOf, filled, type TakenApart, without, withoutBlanks } from '../shared/digest.ts';
import { isObject, type Json, list, word } from '../shared/json.ts';

export const digest = (ask: Uint8Array, answer: Uint8Array | undefined, declared: Axes): Digest =>
  digestOf(ask, answer, declared, takeApart, normalise);

/**
 * A content of one plain text block and the bare text mean the same by Anthropic's definition, and callers keep either;
 * both are stored as the bare text.
 */
function normalise(message: unknown): unknown {
  if (!isObject(message)) return message;
  const content = message.content;
  if (!Array.isArray(content)) return withoutBlanks(message);
  const blocks = (content as readonly unknown[]).map(withoutBlanks);
  const only = blocks.length === 1 ? blocks[0] : undefined;
  const plain =
    isObject(only) && only.type === 'text' && typeof only.text === 'string' && Object.keys(only).length === 2;
  return { ...(withoutBlanks(message) as Json), content: plain ? only.text : blocks };
}

function takeApart(ask: Json): TakenApart {
  const model = word(ask.model);
  const messages = list(ask.messages).map(normalise);
  const system =
    ask.system !== undefined &&
    ask.system !== null &&
    !(Array.isArray(ask.system) && ask.system.length === 0);
  if (system) messages.unshift(normalise({ role: 'system', content: ask.system }));
  const config = isObject(ask.output_config) ? ask.output_config : undefined;
  const schema = config && isObject(config.format) ? config.format : undefined;
  const envelope = without(ask, 'messages', 'system', ...(filled(ask.tools) ? ['tools'] : []));
  if (config && schema) envelope.output_config = without(config, 'format');
  return {
    ...(model ? { model } : {}),
    messages,
    ...(filled(ask.tools) ? { tools: ask.tools } : {}),
    ...(schema ? { schema } : {}),
    envelope,
  };
}

/** A leading system message is the system prompt, which this dialect keeps apart. */
export function rebuild(parts: {
  readonly messages: readonly unknown[];
  readonly tools?: unknown;
  readonly schema?: unknown;
  readonly envelope: Json;
}): Json {
  const [first, ...rest] = parts.messages;
  const system = isObject(first) && first.role === 'system' ? first.content : undefined;
  const config = isObject(parts.envelope.output_config) ? parts.envelope.output_config : {};
  return {
    ...parts.envelope,
    ...(system === undefined ? {} : { system }),
    messages: system === undefined ? parts.messages : rest,
    ...(parts.tools === undefined ? {} : { tools: parts.tools }),
    ...(parts.schema === undefined ? {} : { output_config: { ...config, format: parts.schema } }),
  };
}
