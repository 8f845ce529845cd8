/** Numbers, money and time as a person reads them. Pure; what is absent becomes an en dash. */
export const NONE = '–';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
export const count = (n: number): string => grouped.format(n);
export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`;

/** 8,412 → 8.4k, so that a column of tokens stays narrow. */
export const compact = (n: number): string =>
  n < 10_000
    ? String(Math.round(n))
    : n < 999_500
      ? `${(n / 1e3).toFixed(n < 99_950 ? 1 : 0)}k`
      : `${(n / 1e6).toFixed(1)}M`;

/** Three significant digits: 0.4 ms, 420 ms, 4.21 s, 3 m 12 s, 2 h 5 m, 12 d 3 h. */
export function span(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return NONE;
  if (ms < 9.95) return `${Number(ms.toFixed(ms < 1 ? 2 : 1))} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3_600) return two(Math.floor(seconds / 60), 'm', seconds % 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'm');
  const hours = Math.round(minutes / 60);
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}
const two = (big: number, unit: string, small: number, smaller: string): string =>
  small === 0 ? `${big} ${unit}` : `${big} ${unit} ${small} ${smaller}`;

/** Micro-dollars. Below a cent two significant digits, so that 300 of them are $0.0003 and never $0.00. */
export function dollars(microUsd: number): string {
  const usd = Math.abs(microUsd) / 1e6;
  const sign = microUsd < 0 ? '−' : '';
  if (usd === 0) return '$0';
  if (usd < 0.01) return `${sign}$${usd.toFixed(Math.min(6, 1 - Math.floor(Math.log10(usd))))}`;
  return `${sign}$${usd < 1 ? usd.toFixed(3) : usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

/** An unpriced cost is a state of its own, never a zero. */
export const cost = (microUsd: number, state: string): string => {
  if (state === 'unpriced') return 'unpriced';
  if (state === 'free') return 'free';
  return `${state === 'estimated' ? '≈' : ''}${dollars(microUsd)}`;
};

export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let value = n;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Only all of n is 100 %, only none of n is 0 %. */
export function percent(rate: number): string {
  if (!Number.isFinite(rate)) return NONE;
  const p = rate * 100;
  if (p > 0 && p < 0.01) return '< 0.01 %';
  if (p < 100 && p > 99.99) return '> 99.99 %';
  return `${Number(p.toFixed(p < 1 || p > 99 ? 2 : 1))} %`;
}

interface Rate {
  readonly count: number;
  readonly n: number;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

/** A rate never comes bare: with its n and its 95 % interval. */
export const rate = (r: Rate): string =>
  r.n === 0
    ? 'no data'
    : `${percent(r.rate)} of ${count(r.n)} (95 %: ${percent(r.low)} to ${percent(r.high)})`;

/** The same for a column. */
export const shortRate = (r: Rate): string =>
  r.n === 0
    ? 'no data'
    : `${percent(r.rate)} of ${count(r.n)} [${(r.low * 100).toFixed(1)}, ${(r.high * 100).toFixed(1)}]`;

const digits = (n: number, width = 2): string => String(Math.floor(n)).padStart(width, '0');
export const clockTime = (at: number): string => {
  const d = new Date(at);
  return `${digits(d.getHours())}:${digits(d.getMinutes())}:${digits(d.getSeconds())}`;
};
/** Local, with the offset from UTC, so that two people on a call mean the same minute. */
export function timestamp(at: number): string {
  const d = new Date(at);
  const minutes = -d.getTimezoneOffset();
  const offset = `${minutes < 0 ? '−' : '+'}${digits(Math.abs(minutes) / 60)}:${digits(Math.abs(minutes) % 60)}`;
  return `${d.getFullYear()}-${digits(d.getMonth() + 1)}-${digits(d.getDate())} ${clockTime(at)}.${digits(d.getMilliseconds(), 3)} ${offset}`;
}
export const day = (at: number): string => timestamp(at).slice(0, 10);
export const ago = (at: number, now: number): string =>
  now - at < 5_000 ? 'just now' : `${span(Math.round((now - at) / 1000) * 1000)} ago`;

/** The random end of a UUIDv7 tells neighbours apart; its beginning is only the time. */
export const shortId = (id: string): string => id.slice(-8);
export const shortHash = (text: string): string => (/^[0-9a-f]{16,}$/.test(text) ? text.slice(0, 10) : text);
