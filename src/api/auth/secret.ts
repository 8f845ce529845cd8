import type { Clock } from '#contracts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Fixed width, so that no secret is recognisable by its length: 43 digits of base 62 hold 256 bits. */
export function base62(bytes: Uint8Array): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let text = '';
  for (let width = Math.ceil((bytes.length * 8) / Math.log2(62)); width > 0; width--) {
    text = ALPHABET[Number(value % 62n)] + text;
    value /= 62n;
  }
  return text;
}

/** 256 bits from the clock's strong source. */
export const secret = (clock: Clock, prefix: string): string => `${prefix}${base62(clock.randomBytes(32))}`;
