/**
 * What happens to the traffic of a tier that is down: who may go to the next one. How it comes back is the health's to say.
 *
 * Formula: admission is a token bucket of the fallback's proven capacity; lane p of L may draw only while more than reserve·p/(L − 1) of the bucket is left, so that the first lane alone has the last of it.
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

/** Tiers in the order in which a failover tries them: as declared, those known to be broken last, for when nothing else is left. */
export const failoverOrder = <T extends { readonly state: string }>(edges: readonly T[]): readonly T[] => [
  ...edges.filter((e) => e.state !== 'BROKEN'),
  ...edges.filter((e) => e.state === 'BROKEN'),
];
