import type { RateView } from '#contracts';
import { wilson } from '#kernel/stats';

export const count = (n: number, noun: string): string =>
  `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`;

export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let value = n;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export function span(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

const percent = (rate: number): string => `${(rate * 100).toFixed(rate > 0.995 || rate < 0.01 ? 2 : 1)} %`;

export function rateOf(part: number, n: number): RateView {
  if (n === 0) return { count: part, n, rate: 0, low: 0, high: 1 };
  const { estimate, lower, upper } = wilson(part, n);
  return { count: part, n, rate: estimate, low: lower, high: upper };
}

/** A rate never comes bare. */
export const rate = (r: RateView): string =>
  `${percent(r.rate)} (${r.count} of ${r.n}, 95 % interval ${percent(r.low)} to ${percent(r.high)})`;

export const dollars = (microUsd: number): string => `$${(microUsd / 1e6).toFixed(microUsd < 1e6 ? 4 : 2)}`;
