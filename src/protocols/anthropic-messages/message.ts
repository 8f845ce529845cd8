import type { Message, Part } from '#contracts';
import { decode, isObject, type Json, list, object, parseJson, text, word } from '../shared/json.ts';
import { mediaPart, otherPart, resultText, roleOf, textPart } from '../shared/parts.ts';

export function readMessage(body: Uint8Array): readonly Message[] {
  const parsed = parseJson(decode(body))?.value;
  const messages = Array.isArray(parsed) ? (parsed as readonly unknown[]) : [parsed];
  return messages.flatMap((message) =>
    isObject(message)
      ? render(message)
      : [{ role: 'user' as const, parts: [otherPart(message ?? decode(body))] }],
  );
}

/** Tool results travel in user messages; a reader sees them as what a tool said, in their order. */
function render(message: Json): Message[] {
  const role = roleOf(message.role, 'user');
  const content =
    typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : list(message.content);
  const out: { role: Message['role']; parts: Part[] }[] = [];
  for (const block of content) {
    const part = blockPart(block);
    const of = role === 'user' && part.kind === 'tool_result' ? 'tool' : role;
    const last = out.at(-1);
    if (last?.role === of) last.parts.push(part);
    else out.push({ role: of, parts: [part] });
  }
  return out.length > 0 ? out : [{ role, parts: [] }];
}

function blockPart(value: unknown): Part {
  const block = object(value);
  const type = text(block.type);
  switch (type) {
    case 'text':
      return textPart(text(block.text));
    case 'thinking':
      return { kind: 'reasoning', text: text(block.thinking) };
    case 'redacted_thinking':
      return { kind: 'reasoning', text: '', redacted: true };
    case 'image':
      return sourcePart('image', object(block.source));
    case 'document':
      return sourcePart('file', object(block.source));
    case 'container_upload':
      return mediaPart('file', text(block.file_id));
    case 'tool_use':
    case 'server_tool_use':
    case 'mcp_tool_use':
      return {
        kind: 'tool_call',
        id: text(block.id),
        tool: text(block.name),
        args: typeof block.input === 'string' ? block.input : (JSON.stringify(block.input) ?? ''),
      };
    default:
      return type === 'tool_result' || type.endsWith('_tool_result') ? resultPart(block) : otherPart(value);
  }
}

function resultPart(block: Json): Part {
  const failed = block.is_error === true || text(object(block.content).type).endsWith('_error');
  return {
    kind: 'tool_result',
    id: text(block.tool_use_id),
    text: resultText(block.content),
    ...(failed ? { error: true } : {}),
  };
}

function sourcePart(kind: 'image' | 'file', source: Json): Part {
  if (source.type === 'text')
    return { kind, source: text(source.media_type), bytes: Buffer.byteLength(text(source.data)) };
  if (word(source.data)) return mediaPart(kind, text(source.data), text(source.media_type));
  const named = word(source.url) ?? word(source.file_id);
  return named ? mediaPart(kind, named) : otherPart({ type: kind, source });
}
