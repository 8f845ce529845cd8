import { type Part, type Script, sizeOf } from '../script.ts';

/** Functions over the parts of a script that several faults need. */

/** A pause before a connection is torn, so that what was sent is read before the reset is seen. */
export const lull = (ms: number): Part => ({ after: ms, data: '', role: 'noise' });

/**
 * What arrives before a break: the first `tokens` tokens of a stream, or half of a unary body. A stream shorter than
 * that breaks before its finish, so the fault is never silently absent.
 */
export function* before(script: Script, tokens: number, stream: boolean): Generator<Part> {
  let seen = 0;
  for (const part of script.parts) {
    if (!stream) {
      yield firstBytes(part, Math.floor(sizeOf(part.data) / 2));
      return;
    }
    if (part.role === 'finish' || part.role === 'usage' || part.role === 'done') return;
    if (part.role === 'token' && seen++ >= tokens) return;
    yield part;
  }
}

export function firstBytes(part: Part, size: number): Part {
  const bytes = typeof part.data === 'string' ? Buffer.from(part.data) : part.data;
  return { ...part, data: bytes.subarray(0, size), tokens: 0 };
}

/** Replaces the body of a script and its declared length. */
export function withBody(script: Script, body: string): Script {
  let tokens = 0;
  for (const part of script.parts) tokens += part.tokens ?? 0;
  return {
    ...script,
    length: Buffer.byteLength(body),
    parts: [{ after: 0, data: body, role: 'body', tokens }],
  };
}

/** The text of a unary body. */
export function bodyText(script: Script): string {
  let text = '';
  for (const part of script.parts)
    text += typeof part.data === 'string' ? part.data : Buffer.from(part.data).toString();
  return text;
}
