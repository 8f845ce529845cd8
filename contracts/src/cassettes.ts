import { z } from 'zod';
import type { EpochMs, MicroUsd } from './ids.ts';
import { duration } from './units.ts';

/** `unknown`: the live call failed, was not made, or cannot be compared, so nothing was learnt. */
export const CASSETTE_VERDICTS = ['fresh', 'drifted', 'unknown'] as const;
export type CassetteVerdict = (typeof CASSETTE_VERDICTS)[number];

/** What is known of one recorded question since it was last asked again. */
export interface CassetteProof {
  readonly key: string;
  readonly path: string;
  readonly model?: string;
  readonly at: EpochMs;
  readonly verdict: CassetteVerdict;
  /** How far the answer has moved, 0 to 1: of shape, reason for the end, model and tools the one that moved most. */
  readonly distance?: number;
  /** What moved, or why nothing was learnt. */
  readonly says?: string;
}

/** One sample, asked again. */
export interface CassetteRound {
  readonly at: EpochMs;
  readonly sampled: number;
  /** Cassettes in the folder. */
  readonly of: number;
  readonly drifted: number;
  /** Those that could be compared. */
  readonly known: number;
  /** Left out, since they might have gone over the cap. */
  readonly skipped: number;
  /** What it cost, as far as prices are known. */
  readonly microUsd: MicroUsd;
  readonly says: string;
}

/** Rounds over a folder of cassettes, as `GET /api/v1/cassettes` shows them. */
export interface CassetteView {
  /** Absent where nothing is asked again by itself (`cassettes.verify`). */
  readonly verify?: {
    readonly folder: string;
    readonly every: number;
    readonly sample: number;
    readonly maxUsd: number;
  };
  /** When the next round is due; absent while none is, or was. */
  readonly next?: EpochMs;
  readonly round?: CassetteRound;
  /** Furthest moved first; the newest of each cassette. */
  readonly proofs: readonly CassetteProof[];
}

export interface KnownRounds {
  /** Nobody begins before. */
  readonly heldUntil: EpochMs;
  /** Start of the last round that learnt something. */
  readonly learntAt?: EpochMs;
  readonly round?: CassetteRound;
  readonly proofs: readonly CassetteProof[];
}

/** Where replicas agree on who asks a folder again, and keep what came of it. Every method may reject with `StoreUnavailable`. */
export interface CassetteStore {
  /**
   * True for one caller alone, and for nobody before `every` is over since the last round that learnt something. It holds for
   * `hold` milliseconds, twice as long after each round that was begun and not finished: whoever dies over it again and again
   * must not be billed for it as often.
   */
  claim(
    folder: string,
    by: string,
    at: EpochMs,
    span: { readonly every: number; readonly hold: number },
  ): Promise<boolean>;
  /** Still at it. False when somebody else has it. */
  hold(folder: string, by: string, until: EpochMs): Promise<boolean>;
  /** `again`: not before, where nothing was learnt. Proofs replace those of the same cassettes; of keys not in `keys` they are forgotten. */
  finish(
    folder: string,
    by: string,
    result: {
      readonly round: CassetteRound;
      readonly proofs: readonly CassetteProof[];
      readonly keys: readonly string[];
      readonly again?: EpochMs;
    },
  ): Promise<boolean>;
  read(folder: string, limit: number): Promise<KnownRounds | undefined>;
}

const HOUR = 3_600_000;

/** `cassettes:` of the configuration. */
export const cassettesSchema = z
  .strictObject({
    verify: z
      .strictObject({
        folder: z
          .string()
          .min(1)
          .default('cassettes')
          .describe('Where they are, from where Midwatch is started.'),
        every: duration
          .refine((ms) => ms >= HOUR, 'write an hour or more')
          .default(7 * 24 * HOUR)
          .describe('A round that was missed is made up for at once.'),
        sample: z
          .number()
          .gt(0)
          .max(1)
          .default(0.05)
          .describe('Share of the cassettes, drawn anew each time.'),
        maxUsd: z
          .number()
          .positive()
          .default(1)
          .describe(
            'What one round may cost, dollars. Cassettes that might go over it are left out and counted.',
          ),
      })
      .optional()
      .describe(
        'Ask a sample of the recorded questions again, live, and keep how far each answer has moved. Real calls, billed; absent: none is made. One gateway of a database does it for all.',
      ),
  })
  .prefault({});
