import type { Axes, Digest } from '#contracts';
import { digestOf, filled, type TakenApart, without, withoutBlanks } from '../shared/digest.ts';
import { isObject, type Json, list, word } from '../shared/json.ts';

export const digest = (ask: Uint8Array, answer: Uint8Array | undefined, declared: Axes): Digest =>
  digestOf(ask, answer, declared, takeApart, normalise);

/** Also one level into the parts: `annotations: []`, `logprobs: []` come with every text and go when it is sent back. */
function normalise(item: unknown): unknown {
  const plain = withoutBlanks(item);
  if (!isObject(plain) || !Array.isArray(plain.content)) return plain;
  return { ...plain, content: (plain.content as readonly unknown[]).map(withoutBlanks) };
}

/** Marks the link that holds `instructions`, which unlike a system message do not carry over to the next response. */
const INSTRUCTIONS = 'instructions';

function takeApart(ask: Json): TakenApart {
  const model = word(ask.model);
  // A bare string is short for one user message.
  const messages: unknown[] =
    typeof ask.input === 'string' ? [{ role: 'user', content: ask.input }] : list(ask.input).map(normalise);
  const instructed = ask.instructions !== undefined && ask.instructions !== null;
  if (instructed) messages.unshift({ type: INSTRUCTIONS, role: 'system', content: ask.instructions });
  const config = isObject(ask.text) ? ask.text : undefined;
  const schema =
    config && isObject(config.format) && config.format.type !== 'text' ? config.format : undefined;
  const envelope = without(ask, 'input', INSTRUCTIONS, ...(filled(ask.tools) ? ['tools'] : []));
  if (config && schema) envelope.text = without(config, 'format');
  return {
    ...(model ? { model } : {}),
    messages,
    ...(filled(ask.tools) ? { tools: ask.tools } : {}),
    ...(schema ? { schema } : {}),
    envelope,
  };
}

export function rebuild(parts: {
  readonly messages: readonly unknown[];
  readonly tools?: unknown;
  readonly schema?: unknown;
  readonly envelope: Json;
}): Json {
  const [first, ...rest] = parts.messages;
  const instructions = isObject(first) && first.type === INSTRUCTIONS ? first.content : undefined;
  const input = instructions === undefined ? parts.messages : rest;
  const config = isObject(parts.envelope.text) ? parts.envelope.text : {};
  return {
    ...parts.envelope,
    ...(instructions === undefined ? {} : { instructions }),
    ...(input.length === 0 ? {} : { input }),
    ...(parts.tools === undefined ? {} : { tools: parts.tools }),
    ...(parts.schema === undefined ? {} : { text: { ...config, format: parts.schema } }),
  };
}
