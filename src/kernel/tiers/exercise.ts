/**
 * Which exchanges go through an edge on purpose.
 *
 * Formula: `pick`: one exchange of every block of 1/share, at a place drawn by chance.
 * Assumes: what is counted may be exercised: idempotent, not critical.
 * Cost: O(1).
 * Lies when: traffic comes in bursts shorter than a block: a block then spans the quiet hours too.
 */
import { checkProbability } from '../stats/check.ts';

/** Plain JSON; `share` is the one for which the block was drawn. */
export interface PickState {
  readonly share: number;
  /** Exchanges of the block still to come, and how many of them until the one that is picked. */
  readonly left: number;
  readonly until: number;
  /** Fraction of an exchange by which earlier blocks were too short. */
  readonly carry: number;
}

export const PICK_START: PickState = Object.freeze({ share: 0, left: 0, until: 0, carry: 0 });

/**
 * Whether this exchange is exercised. After n exchanges at one share the number picked is within one of n·share, so a budget
 * is kept exactly; a coin per exchange would be off by ±√(n·share) and leave gaps of five times the mean.
 * `draw` in [0, 1), used at the beginning of a block only.
 */
export function pick(
  state: PickState,
  share: number,
  draw: number,
): { readonly state: PickState; readonly exercise: boolean } {
  checkProbability('share', share);
  if (share === 0) return { state: PICK_START, exercise: false };
  let block = state;
  if (state.share !== share || state.left === 0) {
    const exact = 1 / share + (state.share === share ? state.carry : 0);
    const length = Math.max(1, Math.floor(exact + 1e-9));
    block = {
      share,
      left: length,
      until: Math.min(length - 1, Math.floor(draw * length)),
      carry: Math.max(0, exact - length),
    };
  }
  return { state: { ...block, left: block.left - 1, until: block.until - 1 }, exercise: block.until === 0 };
}

/** Seconds until `needed` exercises have run at this share of this rate; Infinity when there is none. */
export const secondsToProve = (needed: number, rate: number, share: number): number =>
  needed === 0 ? 0 : rate * share > 0 ? needed / (rate * share) : Number.POSITIVE_INFINITY;
