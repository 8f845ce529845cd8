import { z } from 'zod';
import type { EpochMs, MicroUsd } from './ids.ts';

/**
 * What is known of a fallback before it is needed. An edge leads from the first tier of a route to one target of a lower
 * tier, in the protocol that callers speak; on each there are three proofs, none of which stands in for another.
 */

/**
 * What a tier may ask for before it counts as a fallback. `PROBED`: a few calls of our own went well. `EXERCISED`: real
 * traffic did, which says more than a probe. `LOAD`: exercised, and it has carried what it must carry.
 */
export const PROOF_LEVELS = ['PROBED', 'EXERCISED', 'LOAD'] as const;
export type ProofLevel = (typeof PROOF_LEVELS)[number];

/** Worst first. No data is never a pass. */
export const PROOF_STATES = ['BROKEN', 'UNPROVEN', 'STALE', 'PROVEN'] as const;
export type ProofState = (typeof PROOF_STATES)[number];

export const PROBE_CHECKS = ['answer', 'stream', 'tools', 'schema', 'context'] as const;
export type ProbeCheck = (typeof PROBE_CHECKS)[number];

/** What a few tiny calls showed. */
export interface ProbeProof {
  readonly state: ProofState;
  readonly why: string;
  /** When it was probed last. */
  readonly at?: EpochMs;
  /** `good` is absent where the edge cannot be asked that way at all. */
  readonly checks: readonly { readonly check: ProbeCheck; readonly good?: boolean; readonly says: string }[];
}

/** What an exercised answer is held to, beside being one: its schema, its time, its length. */
export const PARITY_KINDS = ['shape', 'slow', 'length'] as const;
export type ParityKind = (typeof PARITY_KINDS)[number];

export const PARITY_VERDICTS = ['MET', 'BREACHED', 'UNKNOWN'] as const;
export type ParityVerdict = (typeof PARITY_VERDICTS)[number];

/** Is the fallback no worse than the first tier, by more than a margin? */
export interface ParityReading {
  readonly kind: ParityKind;
  readonly what: string;
  readonly verdict: ParityVerdict;
  /** Exercised answers that were looked at, and the share of them that break it; absent before the first. */
  readonly n: number;
  readonly estimate?: number;
  /** Share of the first tier's own answers that break it, and what is accepted of the fallback. */
  readonly own: number;
  readonly allowed: number;
}

/** A usual answer of the fallback over one of the first tier, geometric means; absent where too few were seen. */
export interface Against {
  readonly time?: number;
  readonly length?: number;
  readonly cost?: number;
}

/** Cost of an answer of the fallback over one of the first tier, in pairs of asks of the same size and shape. */
export interface CostReading {
  readonly n: number;
  /** Median of the latest pairs, and its interval, 95 % whenever it is looked at; a side without evidence yet is absent. */
  readonly ratio: number;
  readonly low?: number;
  readonly high?: number;
  /** What the route accepts, and whether it is kept to; absent where it does not say. */
  readonly allowed?: number;
  readonly verdict?: ParityVerdict;
}

/** What a share of the traffic, and whatever failed over, showed. */
export interface ExerciseProof {
  readonly state: ProofState;
  readonly why: string;
  /** Exercises that count under the present contract, and failures among them. */
  readonly n: number;
  readonly failures: number;
  /** Success rate proven so far, 95 % one-sided; absent before the first. */
  readonly bound?: number;
  /** Good exercises until it is proven, if none fails. */
  readonly needed: number;
  /** Share of the traffic that is sent there on purpose. */
  readonly share: number;
  /** Milliseconds until it can be proven at the present share and traffic; absent when there is none. */
  readonly etaMs?: number;
  readonly lastSuccess?: EpochMs;
  readonly lastExercise?: EpochMs;
  readonly parity: readonly ParityReading[];
  readonly against: Against;
  /** Absent where too few pairs were seen, or one side has no price. */
  readonly cost?: CostReading;
}

/** What a ramp showed. */
export interface LoadProof {
  readonly state: ProofState;
  readonly why: string;
  readonly at?: EpochMs;
  /** Exchanges per second that were carried; failover traffic beyond is not admitted. */
  readonly perSecond?: number;
  /** Exchanges per second of the route in its p99 minute; absent while too little was seen. */
  readonly needed?: number;
  /** The fallback's limit on the axis that binds, over the route's p99 minute; 1.2 is enough. */
  readonly headroom?: { readonly axis: string; readonly ratio: number; readonly enough: boolean };
}

/** What is known to be wrong with a fallback, whatever its proofs say. */
export interface FallbackReport {
  readonly kind: 'capacity' | 'context' | 'parity' | 'cost' | 'coverage' | 'retired';
  readonly text: string;
}

/** One edge, as the readiness board shows it. Worst first in a list. */
export interface FallbackView {
  readonly route: string;
  readonly tier: string;
  readonly provider: string;
  readonly model: string;
  /** What callers speak on it. */
  readonly protocol: string;
  /** What the tier asks for; absent where it asks for nothing. */
  readonly required?: ProofLevel;
  /** Of the required proof; of the best one where none is required. */
  readonly state: ProofState;
  /** Has it what its tier asks for? True where that is nothing. */
  readonly ready: boolean;
  /** In one sentence. */
  readonly says: string;
  /** Absent when there is nothing to do. */
  readonly todo?: string;
  /** False after a change of what the edge depends on: model, provider settings, key, translation, timeouts, version of Midwatch. */
  readonly hashMatches: boolean;
  readonly lastSuccess?: EpochMs;
  readonly probed: ProbeProof;
  readonly exercised: ExerciseProof;
  readonly load: LoadProof;
  readonly reports: readonly FallbackReport[];
}

/** How a drill makes the first tier fail: refused, broken, silent, dripping, cut, unreadable. Nothing is sent there. */
export const DRILL_FAULTS = ['429', '500', 'hang', 'slow-drip', 'cut', 'bad-json'] as const;
export type DrillFault = (typeof DRILL_FAULTS)[number];

export const fallbackDrillSchema = z.strictObject({
  route: z.string().min(1),
  tier: z.string().min(1).optional().describe('One tier; every fallback of the route otherwise.'),
  load: z.boolean().default(false).describe('Ramp up to what the route needs as well: 5, 25, 100 %.'),
  fault: z
    .enum(DRILL_FAULTS)
    .optional()
    .describe('Pretend that the first tier fails so, and see whether the route answers.'),
  perSecond: z
    .number()
    .positive()
    .max(1_000)
    .optional()
    .describe('Exchanges a second to ramp up to; 1.2 times the p99 minute of the route otherwise.'),
  atPeak: z
    .boolean()
    .default(false)
    .describe('Ramp although the route is busy or its first tier is down. Refused otherwise.'),
  maxCalls: z.number().int().min(1).max(10_000).default(500).describe('Refused when it takes more.'),
  maxMicroUsd: z
    .number()
    .int()
    .nonnegative()
    .default(1_000_000)
    .describe('Refused when it may cost more, micro-dollars.'),
  confirmed: z
    .boolean()
    .default(false)
    .describe('Make the calls. Without it only the plan is answered, and nobody is called.'),
});
export type FallbackDrillAsk = z.input<typeof fallbackDrillSchema>;
/** With its bounds filled in. */
export type FallbackDrillOrder = z.output<typeof fallbackDrillSchema>;

/** What a drill would take, before a call is made. */
export interface FallbackDrillPlan {
  readonly calls: number;
  /** At most, milliseconds. */
  readonly ms: number;
  /** At most; a lower bound when calls are `unpriced`. */
  readonly microUsd: MicroUsd;
  readonly unpriced: number;
  /** Why a ramp would be refused now. */
  readonly notNow?: string;
}

export interface FallbackDrillResult {
  readonly drill: 'probe' | 'load' | 'fault';
  readonly tier: string;
  readonly provider: string;
  readonly model: string;
  readonly protocol: string;
  readonly good: boolean;
  readonly says: string;
  readonly calls: number;
}

export interface FallbackDrill {
  readonly plan: FallbackDrillPlan;
  /** False: only planned. */
  readonly ran: boolean;
  readonly microUsd: MicroUsd;
  readonly results: readonly FallbackDrillResult[];
  /** The edges as they stand now. */
  readonly edges: readonly FallbackView[];
}
