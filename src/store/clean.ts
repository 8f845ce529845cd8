import { isUuid } from './copy.ts';

/**
 * Values on their way into a column. The spool may hold anything a caller, a provider or an importer made up; an absurd
 * number or a NUL in a name must not keep the exchange, or its neighbours in the batch, out of the database. Each
 * function gives what the column can hold and counts where that is not what came.
 */
export class Cleaner {
  /** Values changed so far. */
  count = 0;

  /** A whole number from 0, or undefined for 0: counts are stored as null when nothing was counted. */
  count4(value: number | undefined): number | undefined {
    const clean = this.whole(value ?? 0, MAX_INT4);
    return clean === 0 ? undefined : clean;
  }

  /** Like `count4`, but 0 is a value of its own. */
  exact4(value: number | undefined): number | undefined {
    return value === undefined ? undefined : this.whole(value, MAX_INT4);
  }

  count8(value: number): number | undefined {
    const clean = this.whole(value, Number.MAX_SAFE_INTEGER);
    return clean === 0 ? undefined : clean;
  }

  int2(value: number): number {
    return this.whole(value, MAX_INT2);
  }

  whole(value: number, max: number): number {
    if (value >= 0 && value <= max && Number.isInteger(value)) return value === 0 ? 0 : value;
    this.count++;
    if (!(value > 0)) return 0;
    return Math.min(max, Math.round(value));
  }

  /** Milliseconds as float4 keeps them. Rollups are fed the same number, so a recount agrees to the last bit. */
  ms(value: number): number {
    if (value >= 0 && value <= MAX_MS) return Math.fround(value);
    this.count++;
    return value > 0 ? Math.fround(MAX_MS) : 0;
  }

  maybeMs(value: number | undefined): number | undefined {
    return value === undefined ? undefined : this.ms(value);
  }

  text(value: string): string {
    // Nearly every name: one look instead of three.
    if (PLAIN.test(value)) return value;
    if (value.length <= MAX_TEXT && value.isWellFormed() && !value.includes('\0')) return value;
    this.count++;
    return value.slice(0, MAX_TEXT).toWellFormed().replaceAll('\0', '\ufffd');
  }

  /** Empty fields are absent. */
  maybeText(value: string | undefined): string | undefined {
    return value === undefined || value === '' ? undefined : this.text(value);
  }

  /** Hex digits that fill a uuid column; anything else is left out. */
  maybeHex(value: string | undefined): string | undefined {
    if (value === undefined || isUuid(value)) return value;
    this.count++;
    return undefined;
  }

  json(value: unknown): string | undefined {
    if (value === undefined) return undefined;
    const text = JSON.stringify(value);
    // Postgres' json takes the escape \\u0000, but whoever casts it to jsonb or asks for the text of a member fails.
    if (text.length <= MAX_JSON && !text.includes('\\u0000')) return text;
    this.count++;
    return JSON.stringify(shorten(value));
  }
}

const MAX_INT2 = 0x7fff;
const MAX_INT4 = 0x7fff_ffff;
/** A year: longer than any exchange, far inside float4. */
const MAX_MS = 366 * 86_400_000;
/** Names are short. What is longer is somebody's payload in the wrong field, and would not fit an index. */
const MAX_TEXT = 1_000;
const MAX_JSON = 16_000;
const PLAIN = /^[ -~]{0,200}$/;

function shorten(value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, MAX_TEXT).replaceAll('\0', '\ufffd');
  if (Array.isArray(value)) return value.slice(0, 20).map(shorten);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, 40)
      .map(([key, member]) => [key.slice(0, 200).replaceAll('\0', '\ufffd'), shorten(member)]),
  );
}
