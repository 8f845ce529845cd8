import type { Message, Part } from '#contracts';
import { decode, isObject, type Json, list, object, parseJson, text, word } from '../shared/json.ts';
import { mediaPart, otherPart, resultText, roleOf, textPart } from '../shared/parts.ts';

export function readMessage(body: Uint8Array): readonly Message[] {
  const parsed = parseJson(decode(body))?.value;
  const items = Array.isArray(parsed) ? (parsed as readonly unknown[]) : [parsed];
  return items.map((item) =>
    isObject(item) ? render(item) : { role: 'user', parts: [otherPart(item ?? decode(body))] },
  );
}

function render(item: Json): Message {
  const type = text(item.type);
  if (item.role !== undefined || type === 'message' || type === '')
    return { role: roleOf(item.role, 'user'), parts: contentParts(item.content) };
  if (type === 'reasoning') return { role: 'assistant', parts: [reasoningPart(item)] };
  // Before the calls: `function_call_output` is what a tool said.
  if (type.endsWith('_output')) return { role: 'tool', parts: [resultPart(item)] };
  if (type.endsWith('_call') || type === 'mcp_approval_request')
    return { role: 'assistant', parts: callParts(item, type) };
  return { role: 'user', parts: [otherPart(item)] };
}

function contentParts(content: unknown): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [textPart(content)];
  return list(content).map(contentPart);
}

function contentPart(value: unknown): Part {
  const part = object(value);
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return textPart(text(part.text));
    case 'summary_text':
    case 'reasoning_text':
      return { kind: 'reasoning', text: text(part.text) };
    case 'refusal':
      return { kind: 'refusal', text: text(part.refusal) };
    case 'output_audio':
      return textPart(text(part.transcript));
    case 'input_image':
    case 'computer_screenshot':
      return mediaPart('image', word(part.image_url) ?? text(part.file_id));
    case 'input_audio': {
      const audio = object(part.input_audio);
      return mediaPart('audio', text(audio.data), `audio/${text(audio.format) || 'wav'}`);
    }
    case 'input_file':
      return mediaPart(
        'file',
        word(part.file_data) ?? word(part.file_url) ?? word(part.file_id) ?? text(part.filename),
      );
    default:
      return otherPart(value);
  }
}

function reasoningPart(item: Json): Part {
  const said = [...list(item.summary), ...list(item.content)]
    .map((part) => text(object(part).text))
    .join('\n');
  return said === '' && word(item.encrypted_content)
    ? { kind: 'reasoning', text: '', redacted: true }
    : { kind: 'reasoning', text: said };
}

/** Members that name a call rather than say what it asks for. */
const FRAME = new Set(['id', 'call_id', 'type', 'status', 'result', 'results', 'output', 'outputs']);

/** A call of a tool, the provider's own ones included; what the provider's tool made stands after it. */
function callParts(item: Json, type: string): Part[] {
  const rest: Json = {};
  for (const key in item) if (!FRAME.has(key) && key !== 'name') rest[key] = item[key];
  const args = word(item.arguments) ?? word(item.input) ?? JSON.stringify(rest);
  const call: Part = {
    kind: 'tool_call',
    id: word(item.call_id) ?? text(item.id),
    tool: word(item.name) ?? type.replace(/_call$/, ''),
    args,
  };
  if (type === 'image_generation_call' && word(item.result))
    return [call, mediaPart('image', text(item.result), 'image')];
  const made = item.output ?? item.outputs ?? item.results;
  return made === undefined || made === null
    ? [call]
    : [call, { kind: 'tool_result', id: call.id, text: resultText(made) }];
}

const resultPart = (item: Json): Part => ({
  kind: 'tool_result',
  id: word(item.call_id) ?? text(item.id),
  text: resultText(item.output ?? item.result),
  ...(item.status === 'failed' || item.error ? { error: true } : {}),
});
