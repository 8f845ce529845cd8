import type { Axes, Digest } from '#contracts';
import { digestOf, type TakenApart, without } from '../shared/digest.ts';
import { isObject, type Json, word } from '../shared/json.ts';

export const digest = (ask: Uint8Array, answer: Uint8Array | undefined, declared: Axes): Digest =>
  digestOf(ask, answer, declared, takeApart, (message) => message);

/** All inputs are one body: two thousand links for one batch of texts would serve nobody. */
function takeApart(ask: Json): TakenApart {
  const model = word(ask.model);
  return {
    ...(model ? { model } : {}),
    messages: [{ role: 'user', input: ask.input }],
    envelope: without(ask, 'input'),
  };
}

export function rebuild(parts: { readonly messages: readonly unknown[]; readonly envelope: Json }): Json {
  const [only] = parts.messages;
  return { ...parts.envelope, input: isObject(only) ? only.input : undefined };
}
