import { canonical, sha256 } from '#kernel';
import { schemaIn } from './parity.ts';

type Json = Readonly<Record<string, unknown>>;
const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An ask beyond this is not parsed to see who asked. */
const LARGEST = 1_000_000;
const decoder = new TextDecoder();

/**
 * Who asks: the part of an ask that a release of the caller's changes, which is its prompt, tools and schema. Undefined where there
 * is none. A prompt with the time of day in it has as many askers as moments, of which none asks most.
 */
export function askerOf(body: Uint8Array | undefined): string | undefined {
  if (!body || body.length > LARGEST) return undefined;
  const ask = read(body);
  if (!isJson(ask)) return undefined;
  const prompt = [ask.system ?? ask.instructions ?? null, ...leading(ask.messages ?? ask.input)];
  return sha256(canonical([prompt, ask.tools ?? null, schemaIn(ask) ?? null])).slice(0, 12);
}

function read(body: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(body));
  } catch {
    // Not JSON: nobody of whom anything could be said.
    return undefined;
  }
}

/** The messages of the system or the developer before anybody speaks. */
function leading(messages: unknown): readonly unknown[] {
  if (!Array.isArray(messages)) return [];
  const first = messages.findIndex(
    (one) => !isJson(one) || (one.role !== 'system' && one.role !== 'developer'),
  );
  return first < 0 ? messages : messages.slice(0, first);
}

/** So many looks are remembered. */
const LATELY = 20;
const NEGLIGIBLE = 0.01;

/** Shares of the asks after another look. */
export function withAsker(
  before: Readonly<Record<string, number>>,
  asker: string,
): Readonly<Record<string, number>> {
  const known = Object.entries(before);
  if (known.length === 0) return { [asker]: 1 };
  const left = known.map(([name, share]) => [name, share * (1 - 1 / LATELY)] as const);
  const after = Object.fromEntries(left.filter(([, share]) => share >= NEGLIGIBLE));
  return { ...after, [asker]: (after[asker] ?? 0) + 1 / LATELY };
}

const MOST = 16;

/** Good exercises after another one; of many askers those are kept that ask most. */
export function servedAsker(
  before: Readonly<Record<string, number>>,
  asker: string,
): Readonly<Record<string, number>> {
  const after = Object.entries({ ...before, [asker]: (before[asker] ?? 0) + 1 });
  if (after.length <= MOST) return Object.fromEntries(after);
  const [least] = after.filter(([name]) => name !== asker).toSorted(([, a], [, b]) => a - b);
  return Object.fromEntries(after.filter(([name]) => name !== least?.[0]));
}

/** Does one asker make up most of the traffic with whom the fallback was not exercised enough? */
export function unserved(
  served: Readonly<Record<string, number>>,
  askers: Readonly<Record<string, number>>,
  enough: number,
): { readonly needed: number; readonly why: string } | undefined {
  const [asker] = Object.entries(askers).find(([, share]) => share > 0.5) ?? [];
  if (asker === undefined) return undefined;
  const needed = enough - (served[asker] ?? 0);
  if (needed <= 0) return undefined;
  return {
    needed,
    why: `most callers now send a prompt, tools or schema with which it is ${needed} good exercises short`,
  };
}
