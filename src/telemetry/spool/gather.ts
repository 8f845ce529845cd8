import { HEADER, sealFrame } from './frame.ts';

const START = 256 * 1024;
/** Above this the buffer is given back after a flush instead of being kept for the next one. */
const KEEP = 4 * 1024 * 1024;

export interface FrameParts {
  readonly meta: string;
  readonly ask?: Uint8Array;
  readonly answer?: Uint8Array;
}

/** Frames in memory until the next write. One growing buffer: an array of small ones would cost an allocation per frame and a copy per flush. */
export interface Gather {
  readonly length: number;
  readonly frames: number;
  /** Adds one frame; leaves no trace when it throws. `mask` looks at the encoded meta and returns it, changed or not. */
  add(parts: FrameParts, mask: (meta: Uint8Array) => Uint8Array): void;
  view(): Uint8Array;
  clear(): void;
}

export function createGather(): Gather {
  let buffer = Buffer.allocUnsafeSlow(START);
  let view = new DataView(buffer.buffer);
  let length = 0;
  let frames = 0;

  const reserve = (more: number) => {
    if (length + more <= buffer.length) return;
    let size = buffer.length * 2;
    while (size < length + more) size *= 2;
    const bigger = Buffer.allocUnsafeSlow(size);
    bigger.set(buffer.subarray(0, length));
    buffer = bigger;
    view = new DataView(buffer.buffer);
  };

  return {
    get length() {
      return length;
    },
    get frames() {
      return frames;
    },
    add({ meta, ask, answer }, mask) {
      const bodies = (ask?.length ?? 0) + (answer?.length ?? 0);
      // A UTF-16 unit becomes at most three bytes of UTF-8.
      reserve(HEADER + meta.length * 3 + bodies);
      const start = length + HEADER;
      let metaLength = buffer.write(meta, start);
      const plain = buffer.subarray(start, start + metaLength);
      const masked = mask(plain);
      if (masked !== plain) {
        reserve(HEADER + masked.length + bodies);
        buffer.set(masked, start);
        metaLength = masked.length;
      }
      if (ask) buffer.set(ask, start + metaLength);
      if (answer) buffer.set(answer, start + metaLength + (ask?.length ?? 0));
      length = sealFrame(buffer, view, length, metaLength, ask, answer);
      frames++;
    },
    view: () => buffer.subarray(0, length),
    clear() {
      length = 0;
      frames = 0;
      if (buffer.length > KEEP) {
        buffer = Buffer.allocUnsafeSlow(START);
        view = new DataView(buffer.buffer);
      }
    },
  };
}
