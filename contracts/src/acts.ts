import type { EpochMs } from './ids.ts';

/**
 * What was decided about a route and is to be heeded by every gateway of one database: by a person, or by a ramp that found harm or
 * went on. It says how things stand after it and not what to do, so that heeding it twice is heeding it once.
 */
export type Act = {
  readonly at: EpochMs;
  readonly route: string;
  /** Fingerprint of the rule or the plan as it was declared: another declaration is another matter. */
  readonly print: string;
} & (
  | { readonly of: 'demotion'; readonly says: DemotionAct }
  | { readonly of: 'ramp'; readonly says: RampAct }
);

/** Of one rule. */
export interface DemotionAct {
  readonly id: string;
  readonly approval?: { readonly by: string; readonly until: EpochMs };
  readonly ended?: { readonly by: string; readonly at: EpochMs };
}

/** Of one ramp, counted anew with every reset of the whole. */
export type RampAct = { readonly era: number } & (
  | {
      readonly learnt: { readonly edges: readonly number[]; readonly baseline: readonly number[] };
      readonly since: EpochMs;
    }
  /** From 0. */
  | { readonly stage: number }
  /** `opened`: how often the bucket, from 0, had been opened again by then. */
  | { readonly bucket: number; readonly opened: number; readonly back?: string }
  | { readonly reset: true }
);

export interface ActStore {
  add(act: Act): Promise<void>;
  /** With an id above `after`, in order; the newest thousand at most. Ids of acts that are added at once may appear out of order. */
  since(after: number): Promise<readonly { readonly id: number; readonly act: Act }[]>;
}

/** Where acts are said for others; never fails and never keeps anybody waiting. */
export type SayAct = (act: Act) => void;
