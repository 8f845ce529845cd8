import { z } from 'zod';

/** Spellings of quantities in `midwatch.yaml`. */

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `250ms`, `10s`, `1.5m`, `2h`, `30d`, or a whole number of milliseconds; becomes milliseconds. */
export const duration = z
  .union([
    z.number().int().nonnegative(),
    z.string().regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, 'write a duration like 250ms, 10s, 5m, 2h or 30d'),
  ])
  .transform((value) => {
    if (typeof value === 'number') return value;
    const [, amount, unit] = /^([\d.]+)([a-z]+)$/.exec(value) as unknown as [
      string,
      string,
      keyof typeof UNITS,
    ];
    return Number(amount) * UNITS[unit];
  });

const SIZES = {
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
  b: 1,
} as const;

/** `512MB`, `20GB`, `32MiB`, or a whole number of bytes; becomes bytes. */
export const size = z
  .union([
    z.number().int().nonnegative(),
    z.string().regex(/^\d+(\.\d+)?\s?([KMGT]i?)?B$/i, 'write a size like 512MB, 20GB or 32MiB'),
  ])
  .transform((value) => {
    if (typeof value === 'number') return value;
    const [, amount, unit] = /^([\d.]+)\s?([a-z]+)$/.exec(value.toLowerCase()) as unknown as [
      string,
      string,
      keyof typeof SIZES,
    ];
    return Math.round(Number(amount) * SIZES[unit]);
  });

/** `2026-12-31`, the beginning of that day in UTC, or a time with its zone; becomes milliseconds since 1970. */
export const instant = z.union([
  z.number().int(),
  z
    .string()
    .regex(
      /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/,
      'write a day like 2026-12-31, or a time with its zone like 2026-12-31T18:00:00Z',
    )
    .refine((text) => !Number.isNaN(Date.parse(text)), 'there is no such day or time')
    .transform((text) => Date.parse(text)),
]);
