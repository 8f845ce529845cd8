/**
 * Numbers, money and time as a person reads them, the same in the console, on the terminal and in the server's sentences.
 * Pure; what is absent becomes an en dash. A unit stands after a space, but for the sign of the dollar.
 */
export const NONE = '–';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });

const fixed = (n: number, digits: number): string =>
  n.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** With so many decimals where it is rounded, and without idle zeros where it is exact: 5 % was declared, 5.0 % was measured. */
function numeral(n: number, digits: number): string {
  const text = fixed(n, digits);
  if (digits === 0 || Math.abs(Number(n.toFixed(digits)) - n) > 1e-9) return text;
  return text.replace(/0+$/, '').replace(/\.$/, '');
}

export const count = (n: number | undefined): string => (n === undefined ? NONE : grouped.format(n));

/** 9,999 stays whole below ten thousand, then 12.3k, 4.56M. */
export const compact = (n: number | undefined): string =>
  n === undefined || Math.abs(n) < 10_000 ? count(n) : short.format(n).replace('K', 'k');

export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`;

/** Three significant digits, the unit that fits: 0.08 ms, 420 ms, 4.21 s, 3 m 12 s, 2 h 5 m, 12 d 3 h. */
export function span(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return NONE;
  if (ms < 0) return `−${span(-ms)}`;
  if (ms < 0.995) return `${numeral(ms, 2)} ms`;
  if (ms < 9.95) return `${numeral(ms, 1)} ms`;
  if (ms < 999.5) return `${fixed(ms, 0)} ms`;
  if (ms < 9_995) return `${numeral(ms / 1_000, 2)} s`;
  if (ms < 59_950) return `${numeral(ms / 1_000, 1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return two(Math.floor(seconds / 60), 'm', seconds % 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'm');
  const hours = Math.round(minutes / 60);
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}
const two = (big: number, unit: string, small: number, smaller: string): string =>
  small === 0 ? `${big} ${unit}` : `${big} ${unit} ${small} ${smaller}`;

/** One unit only: 12 s, 3 m, 5 h, 2 d, 72 y. */
export function coarse(ms: number): string {
  if (ms < 60_000) return `${Math.max(0, Math.round(ms / 1_000))} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} m`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h`;
  const days = Math.floor(ms / 86_400_000);
  return days < 1_000 ? `${days} d` : `${Math.floor(days / 365.25)} y`;
}

/** How long before `now` it was, or after it will be. */
export function ago(at: number, now: number): string {
  const ms = now - at;
  // Two clocks, ours and the server's, and a tick of five seconds: what is this close is now.
  if (ms < -10_000) return `in ${coarse(-ms)}`;
  return ms < 5_000 ? 'just now' : `${coarse(ms)} ago`;
}

/** Micro-dollars. Below a cent two significant digits, so that 300 of them are $0.0003 and never $0.00. */
export function dollars(microUsd: number | undefined): string {
  if (microUsd === undefined) return NONE;
  const usd = Math.abs(microUsd) / 1e6;
  const sign = microUsd < 0 ? '−' : '';
  if (usd === 0) return '$0';
  if (usd < 0.01) return `${sign}$${numeral(usd, Math.min(6, 1 - Math.floor(Math.log10(usd))))}`;
  return `${sign}$${fixed(usd, usd < 1 ? 3 : usd < 10_000 ? 2 : 0)}`;
}

/** An unpriced cost is a state of its own, never a zero. */
export function cost(microUsd: number, state: string): string {
  if (state === 'unpriced' || state === 'free') return state;
  return `${state === 'estimated' ? '≈ ' : ''}${dollars(microUsd)}`;
}

/** A share of one. Only all of it is 100 %, only none of it is 0 %. */
export function percent(share: number | undefined): string {
  if (share === undefined || !Number.isFinite(share)) return NONE;
  if (share < 0) return `−${percent(-share)}`;
  const p = share * 100;
  if (p > 0 && p < 0.01) return '< 0.01 %';
  if (p > 99.99 && p < 100) return '> 99.99 %';
  return `${numeral(p, p < 1 || (p > 99 && p < 100) ? 2 : 1)} %`;
}

/** Both ends of an interval of shares, rounded outwards so that it never looks tighter than it is. */
export function interval(low: number, high: number): string {
  const down = Math.max(0, Math.floor(low * 1_000) / 10);
  const up = Math.min(100, Math.ceil(high * 1_000) / 10);
  return `${numeral(down, 1)}–${numeral(up, 1)} %`;
}

export interface Rate {
  readonly count: number;
  readonly n: number;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

/** A rate never comes bare: with what it is of and its 95 % interval. */
export const rate = (r: Rate): string =>
  r.n === 0
    ? 'no data'
    : `${percent(r.rate)} (${count(r.count)} of ${count(r.n)}, 95 % interval ${interval(r.low, r.high)})`;

/** The same for a column. */
export const shortRate = (r: Rate): string =>
  r.n === 0 ? 'no data' : `${percent(r.rate)} of ${count(r.n)} [${interval(r.low, r.high).slice(0, -2)}]`;

/** A ratio of two like things: 0.42 ×, 1.05 ×, 12.3 ×. */
export const times = (ratio: number): string =>
  ratio > 0 && ratio < 0.005
    ? '< 0.01 ×'
    : `${fixed(ratio, Math.abs(ratio) < 9.995 ? 2 : Math.abs(ratio) < 99.95 ? 1 : 0)} ×`;

/** A ratio with its interval, where both sides of that are known: `2.41 × [2.10, 2.80]`. */
export function ratio(one: {
  readonly ratio: number;
  readonly low?: number;
  readonly high?: number;
}): string {
  const bare = (n: number) => times(n).replace(' ×', '');
  if (one.low === undefined || one.high === undefined) return times(one.ratio);
  return `${times(one.ratio)} [${bare(one.low)}, ${bare(one.high)}]`;
}

/** Three significant digits in powers of a thousand. */
export function bytes(n: number | undefined): string {
  if (n === undefined) return NONE;
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let unit = 0;
  let value = n;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${numeral(value, unit === 0 ? 0 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${units[unit]}`;
}

/** The random end of a UUIDv7 tells neighbours apart; its beginning is only the time. */
export const shortId = (id: string): string => id.slice(-8);
export const shortHash = (text: string): string => (/^[0-9a-f]{16,}$/.test(text) ? text.slice(0, 10) : text);
