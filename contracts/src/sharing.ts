import { z } from 'zod';

/** How several processes share an account. Means nothing to a store that lives in one process. */
export interface Sharing {
  /**
   * Most that all replicas together may hold as idle slices, in the account's unit. Zero: every decision asks the authority.
   * Bounds both errors: never over by more than this, and never refused while more than this is left.
   */
  readonly slack: number;
  /**
   * When the authority cannot be asked. `open`: take and count. `closed`: refuse. `local`: keep the limit against the last
   * shared state known here and what this process itself took since.
   */
  readonly whenAway: WhenAway;
}
export type WhenAway = 'open' | 'closed' | 'local';

/** For an account that is not shared. */
export const ALONE: Sharing = Object.freeze({ slack: 0, whenAway: 'local' });

/** `whenAway` of a quota and of a budget. */
export const whenAway = z
  .enum(['open', 'closed', 'local'])
  .default('local')
  .describe(
    'When the shared store is gone: serve and count, refuse, or keep the limit by what this process knows.',
  );
