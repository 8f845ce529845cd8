import { findPersonal } from './personal.ts';
import { findSecrets } from './scan.ts';
import { replaceSpans, type Span } from './span.ts';
import type { BodyRedactor } from './types.ts';

/** Masks secrets and personal data in texts and in bodies. Stateless; the same secret always gives the same mask, so masked bodies still repeat. */
export function createRedactor(): BodyRedactor {
  return {
    secrets: (text) => inText(text, findSecrets),
    personal: (text) => inText(text, personalSpans),
    secretsIn: (body) => inBytes(body, findSecrets(body)),
    personalIn: (body) => inBytes(body, personalSpans(body)),
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const inBytes = (body: Uint8Array, spans: readonly Span[]): Uint8Array =>
  spans.length === 0 ? body : replaceSpans(body, spans);

function inText(text: string, find: (bytes: Uint8Array) => readonly Span[]): { text: string; count: number } {
  const bytes = encoder.encode(text);
  const spans = find(bytes);
  return spans.length === 0
    ? { text, count: 0 }
    : { text: decoder.decode(replaceSpans(bytes, spans)), count: spans.length };
}

/** One character a byte: patterns are ASCII, positions stay those of the bytes, and the engine keeps to its fast form of string. */
const personalSpans = (bytes: Uint8Array): readonly Span[] =>
  findPersonal(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
