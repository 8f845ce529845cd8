import type { Clock, ExchangeId } from '#contracts';

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/**
 * UUIDv7 (RFC 9562) with a 12-bit counter in rand_a, so that ids of one millisecond sort in order of creation.
 * Randomness is drawn in blocks: one system call per 128 ids instead of one each.
 */
export function exchangeIds(clock: Clock): () => ExchangeId {
  let last = 0;
  let counter = 0;
  let pool: Uint8Array = new Uint8Array(0);
  let used = 0;
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
    const at = (i: number) => pool[used + i] as number;
    const hex = (n: number) => HEX[n & 0xff] as string;
    const id = `${hex(hi >>> 24)}${hex(hi >>> 16)}${hex(hi >>> 8)}${hex(hi)}-${hex(ms >>> 8)}${hex(ms)}-${hex(0x70 | (counter >>> 8))}${hex(counter)}-${hex(0x80 | (at(0) & 0x3f))}${hex(at(1))}-${hex(at(2))}${hex(at(3))}${hex(at(4))}${hex(at(5))}${hex(at(6))}${hex(at(7))}`;
    used += 8;
    return id as ExchangeId;
  };
}

const SHAPE = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export const isExchangeId = (text: string): text is ExchangeId => SHAPE.test(text);

/** Event time that the id carries, milliseconds. */
export const timeOf = (id: ExchangeId): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
