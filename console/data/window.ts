/** The time range of a page: a span that follows the clock (`range=1h`), or two fixed ends (`from`, `to`). */
export const RANGES = {
  '15m': 15 * 60_000,
  '1h': 3_600_000,
  '6h': 6 * 3_600_000,
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
  '30d': 30 * 86_400_000,
} as const;
export type RangeName = keyof typeof RANGES;
export const RANGE_NAMES = Object.keys(RANGES) as RangeName[];
export const DEFAULT_RANGE: RangeName = '1h';

export interface WindowSearch {
  readonly range?: RangeName;
  readonly from?: number;
  readonly to?: number;
  readonly route?: string;
  readonly tenant?: string;
  readonly feature?: string;
}
/** Which traffic of the range; the rest of the search says when. */
export type Slice = Pick<WindowSearch, 'route' | 'tenant' | 'feature'>;

export const readWindow = (raw: Readonly<Record<string, unknown>>): WindowSearch => {
  const from = Number(raw.from);
  const to = Number(raw.to);
  const slice = readSlice(raw);
  if (raw.from !== undefined && raw.to !== undefined && from > 0 && to > from) return { from, to, ...slice };
  const range = RANGE_NAMES.find((name) => name === raw.range);
  return { ...(range && range !== DEFAULT_RANGE ? { range } : {}), ...slice };
};

export const readSlice = (raw: Readonly<Record<string, unknown>>): Slice =>
  Object.fromEntries(
    (['route', 'tenant', 'feature'] as const).flatMap((name) => {
      const value = raw[name];
      return (typeof value === 'string' || typeof value === 'number') && value !== ''
        ? [[name, String(value)]]
        : [];
    }),
  );

/** The ends the server is asked for; a following range moves in steps, so that a render never asks twice. */
export const windowBounds = (
  search: WindowSearch,
  now: number,
): { readonly from: number; readonly to: number } => {
  if (search.from !== undefined && search.to !== undefined) return { from: search.from, to: search.to };
  const span = RANGES[search.range ?? DEFAULT_RANGE];
  const to = Math.ceil(now / 1000) * 1000;
  return { from: to - span, to };
};

/** How often a range that follows the clock asks again; a fixed one never does, its numbers are history. */
export const refreshMs = (search: WindowSearch): number | false => {
  if (search.from !== undefined) return false;
  const span = RANGES[search.range ?? DEFAULT_RANGE];
  return span <= RANGES['1h'] ? 5_000 : span <= RANGES['24h'] ? 15_000 : 60_000;
};
