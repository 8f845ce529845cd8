import type { EpochMs, Period } from '#contracts';

export interface Window {
  readonly from: EpochMs;
  /** First instant after it; absent for `lifetime`. */
  readonly to?: EpochMs;
}

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
/** 1970-01-05 was the first Monday. */
const MONDAY = 4 * DAY;

/** The calendar period in UTC that holds `at`: no daylight saving, so every day has 24 hours and a bill can be compared. */
export function windowOf(period: Period, at: EpochMs): Window {
  switch (period) {
    case 'minute':
      return even(at, MINUTE, 0);
    case 'hour':
      return even(at, HOUR, 0);
    case 'day':
      return even(at, DAY, 0);
    case 'week':
      return even(at, 7 * DAY, MONDAY);
    case 'month': {
      const day = new Date(at);
      const year = day.getUTCFullYear();
      const month = day.getUTCMonth();
      return { from: Date.UTC(year, month), to: Date.UTC(year, month + 1) };
    }
    case 'lifetime':
      return { from: 0 };
  }
}

function even(at: EpochMs, length: number, offset: number): Window {
  const from = Math.floor((at - offset) / length) * length + offset;
  return { from, to: from + length };
}
