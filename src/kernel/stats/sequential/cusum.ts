import type { AlarmReading } from './sequential.ts';

/** State of every CUSUM here. */
export interface CusumState {
  readonly n: number;
  readonly sum: number;
  /** Observation count at which the sum last stood at zero. */
  readonly since: number;
}

export const CUSUM_START: CusumState = Object.freeze({ n: 0, sum: 0, since: 0 });

export function cusumReading(state: CusumState, h: number): AlarmReading {
  return { alarm: state.sum >= h, statistic: state.sum, threshold: h, n: state.n, changeAfter: state.since };
}
