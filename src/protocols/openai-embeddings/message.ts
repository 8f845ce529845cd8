import type { Message, Part } from '#contracts';
import { decode, isObject, list, parseJson } from '../shared/json.ts';
import { otherPart, textPart } from '../shared/parts.ts';
import { inputsOf } from './ask.ts';

/** An ask's inputs as text, or what is kept of the vectors. */
export function readMessage(body: Uint8Array): readonly Message[] {
  const parsed = parseJson(decode(body))?.value;
  return (Array.isArray(parsed) ? list(parsed) : [parsed]).map((message) => {
    if (!isObject(message) || message.input === undefined)
      return {
        role: isObject(message) && message.type === 'embeddings' ? 'assistant' : 'user',
        parts: [otherPart(message ?? decode(body))],
      };
    return { role: 'user', parts: inputsOf(message.input).map(inputPart) };
  });
}

const inputPart = (input: unknown): Part =>
  typeof input === 'string'
    ? textPart(input)
    : { kind: 'other', type: 'tokens', json: JSON.stringify(input) };
