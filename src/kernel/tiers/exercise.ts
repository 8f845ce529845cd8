/**
 * Which exchanges go through an edge on purpose.
 *
 * Formula: `allocate`: first every edge the share that keeps it fresh, −ln(1 − sure)/(rate · staleAfter); then, neediest first, up to `maxShare` until the budget is spent. `pick`: one exchange of every block of 1/share, at a place drawn by chance.
 * Assumes: `rate` counts the exchanges that may be exercised: idempotent, not critical.
 * Cost: `pick` O(1); `allocate` O(edges · log edges).
 * Lies when: traffic comes in bursts shorter than a block: a block then spans the quiet hours too.
 */
import { checkInnerProbability, checkNonNegative, checkPositive, checkProbability } from '../stats/check.ts';
import type { ProofName } from './proof.ts';

export interface ExerciseNeed {
  readonly edge: string;
  readonly state: ProofName;
  /** Exchanges per second that may be exercised on it. */
  readonly rate: number;
  /** Error budget burning, or an outage: not now. */
  readonly halted?: boolean;
}

export interface ExerciseBudget {
  /** Exercises over all exchanges together, as a share of the sum of rates. */
  readonly total: number;
  /** Largest share of one edge; 0.01. */
  readonly maxShare?: number;
  /** Milliseconds that `edgeProof` allows between successes; 24 hours. */
  readonly staleAfter?: number;
  /** Chance of an exercise within `staleAfter`; 0.999. */
  readonly sure?: number;
}

/**
 * Unproven first: it may carry a failover tonight, and nobody knows whether it can. A broken edge is known not to, and is
 * out of use until somebody mends it.
 */
const NEED: Readonly<Record<ProofName, number>> = { UNPROVEN: 0, STALE: 1, BROKEN: 2, PROVEN: 3 };

/** Share of its exchanges that each edge is exercised with. */
export function allocate(
  edges: readonly ExerciseNeed[],
  budget: ExerciseBudget,
): ReadonlyMap<string, number> {
  const { total, maxShare = 0.01, staleAfter = 86_400_000, sure = 0.999 } = budget;
  checkProbability('total', total);
  checkProbability('maxShare', maxShare);
  checkPositive('staleAfter', staleAfter);
  checkInnerProbability('sure', sure);
  for (const { rate } of edges) checkNonNegative('rate', rate);
  const shares = new Map(edges.map((e) => [e.edge, 0]));
  const live = edges.filter((e) => !e.halted && e.rate > 0).sort((a, b) => NEED[a.state] - NEED[b.state]);
  let left = total * edges.reduce((sum, e) => sum + e.rate, 0);
  const give = (edge: ExerciseNeed, share: number) => {
    const has = shares.get(edge.edge) as number;
    const more = Math.min(Math.max(0, Math.min(share, maxShare) - has), left / edge.rate);
    shares.set(edge.edge, has + more);
    left = Math.max(0, left - more * edge.rate);
  };
  for (const edge of live) give(edge, (-Math.log1p(-sure) * 1_000) / (edge.rate * staleAfter));
  for (const edge of live) give(edge, maxShare);
  return shares;
}

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
