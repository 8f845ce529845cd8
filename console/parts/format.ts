/** Numbers, money and time as a person reads them. Everything here is pure; absent values become an en dash. */
export const NONE = '–';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });

export const count = (n: number | undefined): string => (n === undefined ? NONE : grouped.format(n));

/** 12,345 stays whole below ten thousand, then 12.3K, 4.56M. */
export const compact = (n: number | undefined): string =>
  n === undefined ? NONE : Math.abs(n) < 10_000 ? grouped.format(n) : short.format(n);

export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`;

const fixed = (n: number, digits: number): string =>
  n.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Three significant digits, the unit that fits: 0.08 ms, 420 ms, 4.21 s, 3 m 12 s, 2 h 05 m, 12 d 3 h. */
export const duration = (ms: number | undefined): string => {
  if (ms === undefined || !Number.isFinite(ms)) return NONE;
  if (ms < 0) return `−${duration(-ms)}`;
  if (ms === 0) return '0 ms';
  if (ms < 0.995) return `${fixed(ms, 2)} ms`;
  if (ms < 9.95) return `${fixed(ms, 1)} ms`;
  if (ms < 999.5) return `${fixed(ms, 0)} ms`;
  if (ms < 9_995) return `${fixed(ms / 1000, 2)} s`;
  if (ms < 59_950) return `${fixed(ms / 1000, 1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return two(Math.floor(seconds / 60), 'm', seconds % 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'm');
  const hours = Math.round(minutes / 60);
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
};
const two = (big: number, bigUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;

/** A round duration on an axis, without the zeros that only line up columns: 30 s, 1 s, 0.5 ms. */
export const durationTick = (ms: number): string =>
  duration(ms)
    .replace(/(\.\d*?)0+(?= )/, '$1')
    .replace('. ', ' ');

/** Micro-dollars. Below a cent two significant digits, so that 300 µ$ is $0.0003 and never $0.00. */
export const money = (microUsd: number | undefined): string => {
  if (microUsd === undefined) return NONE;
  const usd = Math.abs(microUsd) / 1e6;
  const sign = microUsd < 0 ? '−' : '';
  if (usd === 0) return '$0';
  if (usd < 0.01) {
    const digits = Math.min(6, 1 - Math.floor(Math.log10(usd)));
    return `${sign}$${fixed(usd, digits).replace(/0$/, '')}`;
  }
  if (usd < 1) return `${sign}$${fixed(usd, 3)}`;
  return `${sign}$${fixed(usd, usd < 10_000 ? 2 : 0)}`;
};

/** Money of a row: an unpriced cost is a state of its own, never a zero. */
export const costText = (microUsd: number, state: string): string =>
  state === 'unpriced'
    ? 'unpriced'
    : state === 'free'
      ? 'free'
      : `${state === 'estimated' ? '≈ ' : ''}${money(microUsd)}`;

/** Rounded towards the middle: only all of n is 100 %, only none of n is 0 %. */
export const percent = (rate: number): string => {
  if (!Number.isFinite(rate)) return NONE;
  if (rate <= 0) return '0%';
  if (rate >= 1) return '100%';
  const p = rate * 100;
  if (p > 99.9) return `${(Math.floor(p * 100) / 100).toFixed(2)}%`;
  if (p < 0.1) return `${Math.max(0.01, Math.ceil(p * 100) / 100).toFixed(2)}%`;
  return `${p.toFixed(1)}%`;
};

/** The ends of an interval, rounded outwards so that it never looks tighter than it is. */
export const interval = (low: number, high: number): string => {
  const down = Math.max(0, Math.floor(low * 1000) / 10);
  const up = Math.min(100, Math.ceil(high * 1000) / 10);
  return `${trim(down)}–${trim(up)}%`;
};
const trim = (n: number): string => (Number.isInteger(n) ? String(n) : n.toFixed(1));

/** A ratio of two like things: 0.42 ×, 1.05 ×, 12.3 ×. */
export const times = (ratio: number): string =>
  `${fixed(ratio, Math.abs(ratio) < 9.995 ? 2 : Math.abs(ratio) < 99.95 ? 1 : 0)} ×`;

export const bytes = (n: number | undefined): string => {
  if (n === undefined) return NONE;
  if (n < 1000) return `${grouped.format(n)} B`;
  for (const [unit, size] of [
    ['kB', 1e3],
    ['MB', 1e6],
    ['GB', 1e9],
    ['TB', 1e12],
  ] as const) {
    if (n < size * 999.5)
      return `${fixed(n / size, n < size * 9.995 ? 2 : n < size * 99.95 ? 1 : 0)} ${unit}`;
  }
  return `${fixed(n / 1e15, 2)} PB`;
};

const pad = (n: number, width = 2): string => String(n).padStart(width, '0');
export const clockTime = (at: number): string => {
  const d = new Date(at);
  return `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
};
export const day = (at: number): string => {
  const d = new Date(at);
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`;
};
export const millis = (at: number): string => `${clockTime(at)}.${pad(new Date(at).getMilliseconds(), 3)}`;

/** Time alone today, with the day otherwise. */
export const localTime = (at: number, today: number): string =>
  day(at) === day(today) ? clockTime(at) : `${day(at).slice(5)} ${clockTime(at)}`;
export const localFull = (at: number): string => `${day(at)} ${millis(at)}`;
/** For hovering: 2026-11-21 12:05:11.042 UTC. */
export const utc = (at: number): string =>
  `${new Date(at).toISOString().replace('T', ' ').replace('Z', '')} UTC`;

export const ago = (at: number, at2: number): string => {
  const ms = at2 - at;
  // Two clocks, ours and the server's, and a tick of five seconds: what is this close is now.
  if (ms < -10_000) return `in ${coarse(-ms)}`;
  return ms < 5_000 ? 'just now' : `${coarse(ms)} ago`;
};
/** One unit only: 12 s, 3 m, 5 h, 2 d, 72 y. */
export const coarse = (ms: number): string => {
  if (ms < 60_000) return `${Math.max(0, Math.round(ms / 1000))} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} m`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h`;
  const days = Math.floor(ms / 86_400_000);
  return days < 1_000 ? `${days} d` : `${Math.floor(days / 365.25)} y`;
};

/** The random end of a UUIDv7 tells neighbours apart; its beginning is only the time. */
export const shortId = (id: string): string => id.slice(-8);
export const shortHash = (hash: string): string => (/^[0-9a-f]{16,}$/.test(hash) ? hash.slice(0, 10) : hash);
