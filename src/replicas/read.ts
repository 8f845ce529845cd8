import { type Entry, read } from './entry.ts';

export interface Answer {
  readonly entries: readonly Entry[];
  /** Id of the last one; undefined when there was none. */
  readonly last?: string;
}

/** The answer to XREAD over one stream: null, or by protocol version a map or a list of `[stream, [[id, [field, text]], …]]`. */
export function readEntries(reply: unknown): Answer {
  if (reply === null || reply === undefined) return { entries: [] };
  const streams: unknown = Array.isArray(reply)
    ? (reply[0] as unknown[] | undefined)?.[1]
    : Object.values(reply)[0];
  if (!Array.isArray(streams)) return { entries: [] };
  const entries: Entry[] = [];
  let last: string | undefined;
  for (const one of streams as readonly (readonly [string, readonly string[]])[]) {
    last = one[0];
    const entry = read(one[1][1] ?? '');
    if (entry) entries.push(entry);
  }
  return { entries, ...(last !== undefined && { last }) };
}
