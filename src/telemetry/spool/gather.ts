import { SpoolBytes } from './bytes.ts';
import { HEADER, sealFrame } from './frame.ts';
import { type SpoolMeta, writeMeta } from './meta.ts';

export interface FrameParts {
  readonly meta: SpoolMeta;
  readonly ask?: Uint8Array;
  readonly answer?: Uint8Array;
}

/** Frames in memory until the next write. */
export interface Gather {
  readonly length: number;
  readonly frames: number;
  /** Adds one frame; leaves no trace when it throws. `mask` looks at the encoded texts of the meta and returns them, changed or not. */
  add(parts: FrameParts, mask: (texts: Uint8Array) => Uint8Array): void;
  /** What was gathered, from byte `start` on; valid until the next `add`. */
  view(start?: number): Uint8Array;
  clear(): void;
}

export function createGather(): Gather {
  const out = new SpoolBytes();
  let length = 0;
  let frames = 0;

  return {
    get length() {
      return length;
    },
    get frames() {
      return frames;
    },
    add({ meta, ask, answer }, mask) {
      out.at = length;
      out.room(HEADER);
      const start = length + HEADER;
      out.at = start;
      writeMeta(meta, out, mask);
      const metaLength = out.at - start;
      if (ask) out.put(ask);
      if (answer) out.put(answer);
      sealFrame(out, length, metaLength, ask, answer);
      length = out.at;
      frames++;
    },
    view: (start = 0) => out.bytes.subarray(start, length),
    clear() {
      length = 0;
      frames = 0;
      out.clear();
    },
  };
}
