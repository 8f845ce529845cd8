/**
 * What happens to the traffic of a tier that is down: who may go to the next one, and how it comes back.
 *
 * Formula: admission is a token bucket of the fallback's proven capacity; lane p of L may draw only while more than reserve·p/(L − 1) of the bucket is left, so that the first lane alone has the last of it. Return goes by steps of share, each held for `dwell`, forward only below `recover`, back to nothing above `trip`.
 * Assumes: `perSecond` is what the fallback has been shown to carry, not what its contract says.
 * Cost: O(1).
 * Lies when: one exchange costs much more than another and `cost` does not say so.
 */
import type { EpochMs } from '#contracts';
import { checkPositive, checkProbability } from '../stats/check.ts';

export interface AdmissionRule {
  readonly perSecond: number;
  /** Bucket size; ten seconds' worth, and at most what the fallback takes at once. */
  readonly burst?: number;
  /** Number of priority lanes; 3. Lane 0 goes first. */
  readonly lanes?: number;
  /** Part of the bucket that the lowest lane leaves to the others; 0.8. */
  readonly reserve?: number;
}

export interface AdmissionState {
  readonly tokens: number;
  readonly at: EpochMs;
}

export function admission(rule: AdmissionRule) {
  const { perSecond, burst = 10 * perSecond, lanes = 3, reserve = 0.8 } = rule;
  checkPositive('perSecond', perSecond);
  checkPositive('burst', burst);
  checkProbability('reserve', reserve);
  return {
    start: (at: EpochMs): AdmissionState => ({ tokens: burst, at }),
    /** Lets an exchange of `lane` through, or not; `cost` of a large one is more than 1. */
    step(
      state: AdmissionState,
      now: EpochMs,
      lane: number,
      cost = 1,
    ): { readonly state: AdmissionState; readonly admitted: boolean } {
      // A clock that stepped back gives nothing and takes nothing.
      const tokens = Math.min(burst, state.tokens + (Math.max(0, now - state.at) / 1_000) * perSecond);
      const floor = (Math.min(lane, lanes - 1) / Math.max(1, lanes - 1)) * reserve * burst;
      const admitted = tokens - cost >= floor - 1e-9;
      return { state: { tokens: admitted ? tokens - cost : tokens, at: Math.max(now, state.at) }, admitted };
    },
  };
}

/** Whether a fallback carries what the primary may send at its p99 minute. */
export interface Capacity {
  /** Binding quota of the fallback over demand. */
  readonly ratio: number;
  readonly enough: boolean;
  /** Which axis binds, for instance `tokens`. */
  readonly axis: string;
}

/** `quota` and `demand` per minute by axis; demand at its p99. Undefined without a common axis: nothing can be said. */
export function capacity(
  quota: Readonly<Record<string, number>>,
  demand: Readonly<Record<string, number>>,
  headroom = 1.2,
): Capacity | undefined {
  let worst: Capacity | undefined;
  for (const [axis, need] of Object.entries(demand)) {
    const offer = quota[axis];
    if (offer === undefined || !(need > 0)) continue;
    const ratio = offer / need;
    if (!worst || ratio < worst.ratio) worst = { ratio, enough: ratio >= headroom, axis };
  }
  return worst;
}

export interface ReturnRule {
  /** Failure share of the primary above which it is left. */
  readonly trip: number;
  /** Below which it gets its traffic back; lower than `trip`. */
  readonly recover: number;
  /** Milliseconds each step is held; 30 seconds. */
  readonly dwell?: number;
  /** Shares on the way back; 5, 25, 100 %. */
  readonly steps?: readonly number[];
}

export type ReturnState =
  | { readonly at: 'primary' }
  | { readonly at: 'fallback'; readonly since: EpochMs }
  | { readonly at: 'returning'; readonly step: number; readonly since: EpochMs };

export function gradualReturn(rule: ReturnRule) {
  const { trip, recover, dwell = 30_000, steps = [0.05, 0.25, 1] } = rule;
  if (!(recover < trip))
    throw new RangeError('gradualReturn: recover must lie below trip, or the traffic swings');
  const start: ReturnState = { at: 'primary' };
  return {
    start,
    /** `failures`: share among recent real or probing calls to the primary. */
    step(state: ReturnState, now: EpochMs, failures: number): ReturnState {
      if (failures > trip) return state.at === 'fallback' ? state : { at: 'fallback', since: now };
      if (state.at === 'primary' || failures > recover || now - state.since < dwell) return state;
      const step = state.at === 'fallback' ? 0 : state.step + 1;
      return step >= steps.length - 1 ? { at: 'primary' } : { at: 'returning', step, since: now };
    },
    /** Share of exchanges that the primary gets. */
    share: (state: ReturnState): number =>
      state.at === 'primary' ? 1 : state.at === 'fallback' ? 0 : (steps[state.step] ?? 1),
  };
}

/** Tiers in the order in which a failover tries them: as declared, those known to be broken last, for when nothing else is left. */
export const failoverOrder = <T extends { readonly state: string }>(edges: readonly T[]): readonly T[] => [
  ...edges.filter((e) => e.state !== 'BROKEN'),
  ...edges.filter((e) => e.state === 'BROKEN'),
];
