import type { Clock, ExchangeId } from '#contracts';

const DIGITS = Buffer.from('0123456789abcdef');
const DASH = 0x2d;
const LENGTH = 36;

/**
 * UUIDv7 (RFC 9562) with a 12-bit counter in rand_a, so that ids of one millisecond sort in order of creation.
 * Randomness is drawn in blocks: one system call per 128 ids instead of one each. Written as bytes and made a string once:
 * pieces put together would be a rope that whoever compares or sends it has to flatten.
 */
export function exchangeIds(clock: Clock): () => ExchangeId {
  let last = 0;
  let counter = 0;
  let pool: Uint8Array = new Uint8Array(0);
  let used = 0;
  const text = Buffer.alloc(LENGTH);
  let at = 0;
  const byte = (n: number) => {
    text[at++] = DIGITS[(n >>> 4) & 0xf] as number;
    text[at++] = DIGITS[n & 0xf] as number;
  };
  return () => {
    let ms = Math.floor(clock.now());
    if (ms <= last) {
      ms = last;
      if (++counter > 0xfff) {
        // Borrow the next millisecond rather than repeat or wait; a stepped-back clock lands here too.
        ms = ++last;
        counter = 0;
      }
    } else {
      last = ms;
      counter = 0;
    }
    if (used + 8 > pool.length) {
      pool = clock.randomBytes(1024);
      used = 0;
    }
    const hi = Math.floor(ms / 65_536);
    at = 0;
    byte(hi >>> 24);
    byte(hi >>> 16);
    byte(hi >>> 8);
    byte(hi);
    text[at++] = DASH;
    byte(ms >>> 8);
    byte(ms);
    text[at++] = DASH;
    byte(0x70 | (counter >>> 8));
    byte(counter);
    text[at++] = DASH;
    byte(0x80 | ((pool[used] as number) & 0x3f));
    byte(pool[used + 1] as number);
    text[at++] = DASH;
    for (let i = used + 2; i < used + 8; i++) byte(pool[i] as number);
    used += 8;
    return text.toString('latin1') as ExchangeId;
  };
}

const SHAPE = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export const isExchangeId = (text: string): text is ExchangeId => SHAPE.test(text);

/** Event time that the id carries, milliseconds. */
export const timeOf = (id: ExchangeId): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
