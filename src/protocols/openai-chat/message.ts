import type { Message, Part } from '#contracts';
import { decode, isObject, type Json, list, object, parseJson, text, word } from '../shared/json.ts';
import { mediaPart, nameOf, otherPart, resultText, roleOf, textPart } from '../shared/parts.ts';

export function readMessage(body: Uint8Array): readonly Message[] {
  const parsed = parseJson(decode(body))?.value;
  const messages = Array.isArray(parsed) ? (parsed as readonly unknown[]) : [parsed];
  return messages.map((message) =>
    isObject(message) ? render(message) : { role: 'user', parts: [otherPart(message ?? decode(body))] },
  );
}

function render(message: Json): Message {
  if (message.role === 'tool' || message.role === 'function')
    return {
      role: 'tool',
      ...nameOf(message),
      parts: [
        {
          kind: 'tool_result',
          id: text(message.tool_call_id) || text(message.name),
          text: resultText(message.content),
        },
      ],
    };
  return { role: roleOf(message.role, 'user'), ...nameOf(message), parts: partsOf(message) };
}

/** Members of a message that are rendered, or that say nothing to a reader. */
const KNOWN = new Set([
  'role',
  'name',
  'content',
  'refusal',
  'tool_calls',
  'function_call',
  'audio',
  'reasoning_content',
  'reasoning',
]);

function partsOf(message: Json): Part[] {
  const parts: Part[] = [];
  // Servers that send both names for the same thought send the same text.
  const thought = word(message.reasoning_content) ?? word(message.reasoning);
  if (thought) parts.push({ kind: 'reasoning', text: thought });
  if (typeof message.content === 'string') {
    if (message.content !== '') parts.push(textPart(message.content));
  } else for (const part of list(message.content)) parts.push(contentPart(part));
  if (word(message.refusal)) parts.push({ kind: 'refusal', text: text(message.refusal) });
  const audio = object(message.audio);
  if (word(audio.transcript)) parts.push(textPart(text(audio.transcript)));
  if (word(audio.id) ?? word(audio.data))
    parts.push(
      word(audio.data) ? mediaPart('audio', text(audio.data), 'audio') : mediaPart('audio', text(audio.id)),
    );
  for (const call of list(message.tool_calls)) parts.push(callPart(object(call)));
  if (isObject(message.function_call)) parts.push(callPart({ function: message.function_call }));
  for (const key in message) {
    const value = message[key];
    if (KNOWN.has(key) || value === null || (Array.isArray(value) && value.length === 0)) continue;
    parts.push({ kind: 'other', type: key, json: JSON.stringify(value) });
  }
  return parts;
}

function callPart(call: Json): Part {
  const made = isObject(call.custom) ? call.custom : object(call.function);
  return {
    kind: 'tool_call',
    id: text(call.id),
    tool: text(made.name),
    args: isObject(call.custom) ? text(made.input) : text(made.arguments),
  };
}

function contentPart(part: unknown): Part {
  if (!isObject(part)) return otherPart(part);
  switch (part.type) {
    case 'text':
      return textPart(text(part.text));
    case 'refusal':
      return { kind: 'refusal', text: text(part.refusal) };
    case 'thinking':
      return {
        kind: 'reasoning',
        text: typeof part.thinking === 'string' ? part.thinking : resultText(part.thinking),
      };
    case 'image_url':
      return mediaPart('image', text(object(part.image_url).url) || text(part.image_url));
    case 'input_audio': {
      const audio = object(part.input_audio);
      return mediaPart('audio', text(audio.data), `audio/${text(audio.format) || 'wav'}`);
    }
    case 'file': {
      const file = object(part.file);
      return mediaPart('file', word(file.file_data) ?? word(file.file_id) ?? text(file.filename));
    }
    default:
      return otherPart(part);
  }
}
