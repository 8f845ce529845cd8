import type { Message, Part } from '#contracts';
import { isObject, type Json, text, word } from './json.ts';

/** Rendering helpers that all dialects share: what comes in as a part goes out as one neutral `Part`. */

export const textPart = (value: string): Part => ({ kind: 'text', text: value });

/** Shown as it came. */
export const otherPart = (value: unknown): Part => ({
  kind: 'other',
  type: isObject(value) ? (word(value.type) ?? 'object') : typeof value,
  json: JSON.stringify(value) ?? 'null',
});

/** `data:` URLs and base64 are named by their type and size instead of being copied to a screen. */
export function mediaPart(kind: 'image' | 'audio' | 'file', source: string, type?: string): Part {
  const inline = /^data:([^;,]*)[^,]*,/.exec(source.slice(0, 200));
  if (inline)
    return { kind, source: inline[1] || 'data', bytes: base64Bytes(source.length - inline[0].length) };
  if (type !== undefined) return { kind, source: type, bytes: base64Bytes(source.length) };
  return { kind, source };
}

const base64Bytes = (chars: number): number => Math.floor((chars * 3) / 4);

const ROLES = new Set<string>(['system', 'developer', 'user', 'assistant', 'tool']);
export const roleOf = (value: unknown, otherwise: Message['role']): Message['role'] =>
  typeof value === 'string' && ROLES.has(value) ? (value as Message['role']) : otherwise;

/** Text of a tool's result: a string, a list of text parts, or whatever it is as JSON. */
export function resultText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  if (!Array.isArray(value)) return JSON.stringify(value);
  return value
    .map((part: unknown) =>
      isObject(part) && typeof part.text === 'string' ? part.text : JSON.stringify(part),
    )
    .join('\n');
}

export const nameOf = (message: Json): { readonly name?: string } =>
  word(message.name) ? { name: text(message.name) } : {};
