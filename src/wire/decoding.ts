import type { Transform } from 'node:stream';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';
import type { Fields, TransportTrouble } from '#contracts';
import type { Call } from './call.ts';
import { FieldBag } from './fields.ts';

/** Bytes waiting to be unpacked before the socket is told to stop. */
const BUFFERED = 256 * 1024;

/** Takes a content coding off an answer. We ask for none; some providers compress all the same. */
export interface Decoding {
  /** The answer's headers without what was true of the packed bytes only. */
  headers(fields: Fields): Fields;
  put(bytes: Uint8Array): void;
  end(): void;
  /** Tells of the trouble once what arrived before it has been unpacked. */
  fail(trouble: TransportTrouble): void;
  pause(): void;
  resume(): void;
  drop(): void;
}

/** Undefined for a coding not known here: its bytes are passed on as they are, with its header. */
export function decodingOf(coding: string, call: Call): Decoding | undefined {
  const make = CODINGS[coding.trim().toLowerCase()];
  return make === undefined ? undefined : decoding(make, call);
}

// What has been unpacked is given out at once: the end of a stream of events may be minutes away.
const ZLIB = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_FINISH };

const CODINGS: Readonly<Record<string, (first: number) => Transform>> = {
  gzip: () => createGunzip(ZLIB),
  'x-gzip': () => createGunzip(ZLIB),
  br: () => createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH }),
  zstd: () => createZstdDecompress({ flush: constants.ZSTD_e_flush }),
  // «deflate» is zlib by the standard and raw by the habit of some servers; the first byte tells (RFC 9110 §8.4.1.2).
  deflate: (first) => ((first & 0x0f) === 8 ? createInflate(ZLIB) : createInflateRaw(ZLIB)),
};

function decoding(make: (first: number) => Transform, call: Call): Decoding {
  let unpacker: Transform | undefined;
  let trouble: TransportTrouble | undefined;

  const finish = (why: TransportTrouble | undefined) => {
    if (why) call.fail(why);
    else call.end();
  };
  const start = (first: number): Transform => {
    const made = make(first);
    made.on('data', (bytes: Uint8Array) => {
      if (!call.over) call.taker.data(bytes);
    });
    made.on('end', () => finish(trouble));
    made.on('error', (error: Error) => {
      call.upstream?.terminate();
      finish(
        trouble ?? { kind: 'malformed', detail: `The compressed answer cannot be read: ${error.message}` },
      );
    });
    made.on('drain', () => call.hold(false));
    if (call.paused) made.pause();
    return made;
  };

  return {
    headers(fields) {
      const rest = Object.assign(new FieldBag(), fields);
      delete rest['content-encoding'];
      delete rest['content-length'];
      return rest;
    },
    put(bytes) {
      unpacker ??= start(bytes[0] as number);
      unpacker.write(bytes);
      if (unpacker.writableLength >= BUFFERED) call.hold(true);
    },
    end() {
      if (unpacker) unpacker.end();
      else finish(undefined);
    },
    fail(why) {
      trouble = why;
      if (unpacker) unpacker.end();
      else finish(why);
    },
    pause: () => void unpacker?.pause(),
    resume: () => void unpacker?.resume(),
    drop: () => void unpacker?.destroy(),
  };
}
