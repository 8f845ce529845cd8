import { z } from 'zod';
import type { EpochMs, MicroUsd } from './ids.ts';

/** Whose exchanges are no production, keys by id. One of them is enough. */
export interface Development {
  readonly keys: readonly string[];
  readonly tenants: readonly string[];
  readonly features: readonly string[];
  readonly routes: readonly string[];
}

export const wasteQuerySchema = z.object({
  from: z.coerce.number().optional(),
  to: z.coerce.number().optional(),
});
export type WasteQuery = z.output<typeof wasteQuerySchema>;

export interface WasteCounts {
  readonly exchanges: number;
  readonly microUsd: MicroUsd;
  /** Whose question had been asked before in the window, on the same route of the same model. */
  readonly repeats: number;
  readonly repeatsMicroUsd: MicroUsd;
  /**
   * The same with those whose messages, tools, schema and sampling had been asked before and whose other fields differ: who asked,
   * metadata that a test framework stamps on each run, and rarely a field that has a say in the answer.
   */
  readonly alike: number;
  readonly alikeMicroUsd: MicroUsd;
}

/**
 * What development paid again: `repeats` at least, `alike` at most, as seen in the window. The first of the window counts as new.
 */
export interface WasteReport extends WasteCounts {
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Where it went, the dearest repeats first. */
  readonly rows: readonly (WasteCounts & { readonly route: string; readonly model: string })[];
  /** Nobody is said to be development, so nothing is counted. */
  readonly undeclared: boolean;
}
