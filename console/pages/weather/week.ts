import type { HoursView, HourView } from '@midwatch/contracts';
import { compact } from '@midwatch/contracts/say';

export const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

export const nameOf = ({ provider, model, tokens }: HoursView): string =>
  `${provider}/${model}, ${
    tokens.to === undefined
      ? `above ${compact(tokens.from)} tokens`
      : tokens.from === 0
        ? `up to ${compact(tokens.to)} tokens`
        : `${compact(tokens.from)} to ${compact(tokens.to)} tokens`
  }`;

/** Shades by the logarithm: twice as slow looks the same step from 200 ms as from 2 s. */
export function scaleOf(cells: readonly HourView[]): {
  readonly low: number;
  readonly high: number;
  readonly of: (ms: number) => number;
} {
  const values = cells.map((cell) => cell.p95).filter((ms) => ms > 0);
  const low = Math.min(...values);
  const high = Math.max(...values);
  // A flat week is one shade, not noise drawn as weather.
  const span = Math.max(Math.log(high / low), Math.log(1.25));
  return {
    low,
    high,
    of: (ms) => (ms > 0 ? Math.min(1, Math.max(0, Math.log(ms / low) / span)) : 0),
  };
}
