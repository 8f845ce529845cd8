import type { Chunk } from './types.ts';

type Mask = (text: string) => string;

const SECRET_NAME =
  /^(authorization(_token)?|api[-_]?key|access[-_]?token|auth[-_]?token|.*secret|password|cookie)$/i;

/** Every text in a JSON value masked; a text under a name like `api_key` goes whole. */
export function maskValue(value: unknown, mask: Mask): unknown {
  if (typeof value === 'string') return mask(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((v) => maskValue(v, mask));
  const out: Record<string, unknown> = Object.create(null);
  for (const [name, member] of Object.entries(value))
    out[name] = typeof member === 'string' && SECRET_NAME.test(name) ? '…[masked]' : maskValue(member, mask);
  return out;
}

export interface Read {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/**
 * The chunks of an answer as they may be written: same boundaries, secrets masked. A stream is looked at event by event
 * and, since a model spells a key over many events, also along each text that the events spell together. An event that
 * held part of a secret is written anew; a boundary inside it moves to its end. Answers without a secret keep every byte.
 */
export function maskReads(reads: readonly Read[], stream: boolean, mask: Mask): readonly Chunk[] {
  const whole = Buffer.concat(reads.map((r) => r.bytes));
  const pieces = stream ? events(whole) : [whole];
  const texts = pieces.map((piece) => piece.toString('utf8'));
  const masked = (stream ? spelled(texts, mask) : texts).map(mask);
  if (masked.every((text, i) => text === texts[i])) return reads.map(chunk);

  const starts: number[] = [];
  const moved: Buffer[] = [];
  let from = 0;
  pieces.forEach((piece, i) => {
    starts.push(from);
    from += piece.length;
    moved.push(masked[i] === texts[i] ? piece : Buffer.from(masked[i] as string));
  });
  const out: Chunk[] = [];
  let at = 0;
  let index = 0;
  let written = 0;
  const bytes = Buffer.concat(moved);
  let before = 0;
  for (const read of reads) {
    at += read.bytes.length;
    while (index < pieces.length && (starts[index] as number) + (pieces[index] as Buffer).length <= at)
      written += (moved[index++] as Buffer).length;
    const inside = index < pieces.length ? at - (starts[index] as number) : 0;
    const untouched = index < pieces.length && moved[index] === pieces[index];
    const end = inside > 0 ? written + (untouched ? inside : (moved[index] as Buffer).length) : written;
    if (end > before) out.push(chunk({ at: read.at, bytes: bytes.subarray(before, end) }));
    before = Math.max(before, end);
  }
  return out;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function chunk({ at, bytes }: Read): Chunk {
  try {
    return { at, text: strict.decode(bytes) };
  } catch {
    // A boundary inside a character, or no text at all.
    return { at, base64: Buffer.from(bytes).toString('base64') };
  }
}

function events(whole: Buffer): readonly Buffer[] {
  const text = whole.toString('latin1');
  const out: Buffer[] = [];
  let from = 0;
  for (const gap of text.matchAll(/\r\n\r\n|\n\n|\r\r/g)) {
    const to = gap.index + gap[0].length;
    out.push(whole.subarray(from, to));
    from = to;
  }
  if (from < whole.length) out.push(whole.subarray(from));
  return out;
}

interface Leaf {
  readonly event: number;
  readonly text: string;
  readonly set: (text: string) => void;
}

/** Events with the secrets cut out that only show when the texts of one path are joined. */
function spelled(texts: readonly string[], mask: Mask): readonly string[] {
  const docs = texts.map(dataOf);
  const paths = new Map<string, Leaf[]>();
  docs.forEach((doc, event) => {
    if (doc !== undefined) collect(doc, '', event, paths);
  });
  const changed = new Set<number>();
  for (const leaves of paths.values()) {
    const first = leaves[0] as Leaf;
    // The id or model that every event repeats spells nothing.
    if (leaves.length < 2 || leaves.every((leaf) => leaf.text === first.text)) continue;
    const joined = leaves.map((leaf) => leaf.text).join('');
    const clean = mask(joined);
    if (clean === joined) continue;
    let from = 0;
    while (from < clean.length && joined[from] === clean[from]) from++;
    let tail = 0;
    const most = Math.min(joined.length, clean.length) - from;
    while (tail < most && joined.at(-1 - tail) === clean.at(-1 - tail)) tail++;
    const to = joined.length - tail;
    let fill = clean.slice(from, clean.length - tail);
    let start = 0;
    for (const leaf of leaves) {
      const end = start + leaf.text.length;
      if (end > from && start < to) {
        leaf.set(
          leaf.text.slice(0, Math.max(0, from - start)) + fill + leaf.text.slice(Math.max(0, to - start)),
        );
        fill = '';
        changed.add(leaf.event);
      }
      start = end;
    }
  }
  return texts.map((text, i) => (changed.has(i) ? withData(text, docs[i]) : text));
}

const DATA = /^data: ?(.*?)\r?$/gm;

function dataOf(event: string): unknown {
  const data = [...event.matchAll(DATA)].map((line) => line[1]).join('\n');
  if (!data.startsWith('{')) return undefined;
  try {
    return JSON.parse(data);
  } catch {
    // An event that is no JSON spells nothing; it is still masked as a text.
    return undefined;
  }
}

function withData(event: string, doc: unknown): string {
  let first = true;
  return event.replace(/^data: ?[^\r\n]*(\r?\n)/gm, (_, newline: string) => {
    if (!first) return '';
    first = false;
    return `data: ${JSON.stringify(doc)}${newline}`;
  });
}

/** Texts by path; an element that says its `index` is named by it, because streams interleave choices and blocks. */
function collect(value: unknown, path: string, event: number, into: Map<string, Leaf[]>): void {
  if (value === null || typeof value !== 'object') return;
  const own = value as Record<string, unknown>;
  const named = [own.index, own.output_index, own.content_index]
    .filter((i) => typeof i === 'number')
    .join('.');
  for (const [name, member] of Object.entries(own)) {
    const step = Array.isArray(value) ? '[]' : name;
    const below = `${path}${named && `{${named}}`}.${step}`;
    if (typeof member !== 'string') {
      collect(member, below, event, into);
      continue;
    }
    const leaves = into.get(below) ?? [];
    leaves.push({
      event,
      text: member,
      set: (text) => {
        own[name] = text;
      },
    });
    into.set(below, leaves);
  }
}
