import type { SpoolBytes } from './bytes.ts';

/**
 * One record in a segment. Little endian:
 *
 *   0  u32  length of everything from offset 8 on
 *   4  u32  CRC-32 of everything from offset 8 on
 *   8  u8   kind, u8 flags (1: has ask, 2: has answer), u16 zero
 *  12  u32  length of meta
 *  16  u32  length of ask
 *  20  meta, ask, answer
 *
 * Kind 3 is an exchange with its meta as `meta.ts` writes it, kind 1 one with its meta as JSON, as it was
 * written at first: read, never written any more. Kind 2 is the end mark. An older Midwatch takes a kind it does not know for damage and puts the
 * rest of the segment aside, where it can be put back for a newer one.
 *
 * A length of zero is not a frame, so that a tail of zeros, which some file systems leave after a power cut, is not
 * mistaken for data.
 */
export const HEADER = 20;
const PREFIX = 8;
/** Far above the largest body the gateway takes; a length beyond it is damage, not a reason to wait for more bytes. */
export const MAX_FRAME = 512 * 1024 * 1024;

const JSON_EXCHANGE = 1;
const END = 2;
const EXCHANGE = 3;
const HAS_ASK = 1;
const HAS_ANSWER = 2;

export type Frame =
  | {
      readonly kind: 'exchange';
      /** How `meta` is written: by `writeMeta`, or as the JSON of earlier versions. */
      readonly form: 'packed' | 'json';
      readonly meta: Uint8Array;
      readonly ask?: Uint8Array;
      readonly answer?: Uint8Array;
      /** Offset of the byte after the frame. */
      readonly end: number;
    }
  /** Its writer will never write to this segment again. */
  | { readonly kind: 'end'; readonly end: number };

/** `partial`: the bytes end before the frame does, `need` bytes from its start are wanted. `broken`: no frame stands here. */
export type Decoded =
  | Frame
  | { readonly kind: 'partial'; readonly need: number }
  | { readonly kind: 'broken' };

/** Writes the header at `start` of the frame that ends at `out.at`: its meta, ask and answer already stand there. */
export function sealFrame(
  out: SpoolBytes,
  start: number,
  metaLength: number,
  ask: Uint8Array | undefined,
  answer: Uint8Array | undefined,
): void {
  const { view } = out;
  view.setUint32(start + 8, EXCHANGE | (((ask ? HAS_ASK : 0) | (answer ? HAS_ANSWER : 0)) << 8), true);
  view.setUint32(start + 12, metaLength, true);
  view.setUint32(start + 16, ask?.length ?? 0, true);
  seal(out.bytes, view, start, out.at);
}

export function endFrame(): Uint8Array {
  const bytes = new Uint8Array(HEADER);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, END, true);
  seal(bytes, view, 0, HEADER);
  return bytes;
}

function seal(into: Uint8Array, view: DataView, start: number, end: number): void {
  view.setUint32(start, end - start - PREFIX, true);
  view.setUint32(start + 4, Bun.hash.crc32(into.subarray(start + PREFIX, end)), true);
}

export function decodeFrame(bytes: Uint8Array, at: number): Decoded {
  if (at + HEADER > bytes.length) return { kind: 'partial', need: HEADER };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(at, true);
  const metaLength = view.getUint32(at + 12, true);
  const askLength = view.getUint32(at + 16, true);
  if (length < HEADER - PREFIX || length > MAX_FRAME) return BROKEN;
  const end = at + PREFIX + length;
  if (end > bytes.length) return { kind: 'partial', need: end - at };
  if (Bun.hash.crc32(bytes.subarray(at + PREFIX, end)) !== view.getUint32(at + 4, true)) return BROKEN;
  const kind = bytes[at + 8];
  if (kind === END) return { kind: 'end', end };
  const flags = bytes[at + 9] ?? 0;
  const meta = at + HEADER;
  const ask = meta + metaLength;
  const answer = ask + askLength;
  if ((kind !== EXCHANGE && kind !== JSON_EXCHANGE) || answer > end) return BROKEN;
  return {
    kind: 'exchange',
    form: kind === EXCHANGE ? 'packed' : 'json',
    meta: bytes.subarray(meta, ask),
    ...(flags & HAS_ASK ? { ask: bytes.subarray(ask, answer) } : undefined),
    ...(flags & HAS_ANSWER ? { answer: bytes.subarray(answer, end) } : undefined),
    end,
  };
}

const BROKEN = { kind: 'broken' } as const;

/** Length of the frame at `at` by its header alone, unchecked; undefined when the header is not there or cannot be one. */
export function frameLength(bytes: Uint8Array, at: number): number | undefined {
  if (at + HEADER > bytes.length) return undefined;
  const length =
    ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16)) +
    (bytes[at + 3] ?? 0) * 0x1000000;
  return length < HEADER - PREFIX || length > MAX_FRAME ? undefined : PREFIX + length;
}
