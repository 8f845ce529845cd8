import zlib from 'node:zlib';
import { dictionary } from './dictionary.ts';

/** The first byte of a stored body. Append, never renumber. */
const RAW = 0;
const ZSTD = 1;
const ZSTD_DICTIONARY_1 = 2;

/**
 * A row around a body costs some 90 bytes, so little can be saved on a short one; packing it would be half of what the
 * scribe spends on an exchange of small talk.
 */
const SMALLEST = 200;
/** Beyond this a body brings its own repetitions, and loading the dictionary only costs. */
const LARGEST_FOR_DICTIONARY = 64 * 1024;

/** A body as it is stored: packed when that is smaller. */
export function pack(body: Uint8Array): Uint8Array {
  if (body.length >= SMALLEST) {
    const withDictionary = body.length <= LARGEST_FOR_DICTIONARY;
    const packed = withDictionary ? zlib.zstdCompressSync(body, { dictionary }) : Bun.zstdCompressSync(body);
    if (packed.length < body.length) return tagged(withDictionary ? ZSTD_DICTIONARY_1 : ZSTD, packed);
  }
  return tagged(RAW, body);
}

/** @throws RangeError when a newer Midwatch packed it in a way this one does not know */
export function unpack(stored: Uint8Array): Uint8Array {
  const body = stored.subarray(1);
  switch (stored[0]) {
    case RAW:
      return body;
    case ZSTD:
      return Bun.zstdDecompressSync(body);
    case ZSTD_DICTIONARY_1:
      return zlib.zstdDecompressSync(body, { dictionary });
    default:
      throw new RangeError(`a body is packed in a way this version does not know: ${stored[0]}`);
  }
}

function tagged(tag: number, bytes: Uint8Array): Uint8Array {
  const out = Buffer.allocUnsafe(bytes.length + 1);
  out[0] = tag;
  out.set(bytes, 1);
  return out;
}
