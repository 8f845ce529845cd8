export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const object = (value: unknown): Json => (isObject(value) ? value : {});

/** The string, or undefined for everything else and for the empty string, which several servers send for «nothing». */
export const word = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

export const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A number or a string as a key; the empty one for all else: an object with a `toString` of its own cannot be made a string at all. */
export const keyOf = (value: unknown): string =>
  typeof value === 'number' || typeof value === 'string' ? String(value) : '';

/** A count as a provider states it: whole and not negative, else 0. */
export const count = (value: unknown): number =>
  typeof value === 'number' && value > 0 && Number.isFinite(value) ? Math.round(value) : 0;

const encoder = new TextEncoder();
export const encode = (value: string): Uint8Array => encoder.encode(value);

/** A socket gives a Buffer already; asking any small array for its `.buffer` costs more than all of the reading. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A view is cheaper than TextDecoder with a subarray, and unlike it keeps a byte order mark inside the text. */
export const decode = (bytes: Uint8Array): string => asBuffer(bytes).toString('utf8');

/**
 * What a provider sent. A byte order mark before it is none of it (RFC 8259 §8.1), though JSON.parse stumbles over it; the caller gets
 * it as it came.
 */
export function decodeAnswer(bytes: Uint8Array): string {
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return decode(marked ? bytes.subarray(3) : bytes);
}

/** The value, or undefined when the text is not JSON: the one place where JSON.parse may throw. */
export function parseJson(source: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(source) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export const isJson = (source: string): boolean => parseJson(source) !== undefined;

const BEGINNING = 16;

/** Lets go of long texts anywhere in `value`, but for their beginnings. Names are short, and arguments of tools have to stay JSON. */
export function shorten(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const json = value as Json;
  for (const key in json) {
    const member = json[key];
    // A slice would keep all of it.
    if (typeof member !== 'string') shorten(member);
    else if (member.length > 4 * BEGINNING && key !== 'arguments')
      json[key] = Buffer.from(member.slice(0, BEGINNING)).toString();
  }
}
