/**
 * A budget that is a share of recent traffic: for retries and for takeovers.
 *
 * Formula: one more may be spent iff spent + 1 ≤ max(floor, share·requests), both counted over the same sliding window of twelve slots. With floor 0, spent ≤ share·requests holds over all time as well: cut time backwards into windows that end at a spend, and each keeps it.
 * Assumes: `countRequest` once an exchange, `spend` once an extra attempt; `now` may stand still or step back (then the newest slot goes on).
 * Cost: 30 ns a pair of calls.
 * Lies when: read as a promise about every clock minute: extra attempts follow their requests, so a minute in which traffic collapses can carry those that the minute before paid for.
 * Reference: Finagle, RetryBudget (a share of requests with a floor); Google SRE Book, chapter 21 (10 % retry budget).
 */
export interface ShareBudgetRule {
  /** Extra attempts per request. */
  readonly share: number;
  /** Extra attempts a window that are always allowed, so that a route with a request a minute can retry at all. */
  readonly floor: number;
  /** Milliseconds. */
  readonly window: number;
}

export const RETRY_BUDGET: ShareBudgetRule = Object.freeze({ share: 0.1, floor: 10, window: 60_000 });
/** Streams rarely break; a route where a twentieth does has a provider to leave, not answers to mend. */
export const TAKEOVER_BUDGET: ShareBudgetRule = Object.freeze({ share: 0.05, floor: 3, window: 600_000 });

const SLOTS = 12;

export interface ShareBudgetState {
  /** Number of the newest slot since the beginning of the clock. */
  slot: number;
  /** One count a slot, ring by slot number. */
  readonly requests: number[];
  readonly spent: number[];
  /** Sums over the ring. */
  requestsNow: number;
  spentNow: number;
}

export const createShareBudgetState = (): ShareBudgetState => ({
  slot: 0,
  requests: new Array<number>(SLOTS).fill(0),
  spent: new Array<number>(SLOTS).fill(0),
  requestsNow: 0,
  spentNow: 0,
});

function advance(state: ShareBudgetState, now: number, window: number): number {
  const slot = Math.floor(now / (window / SLOTS));
  if (slot > state.slot) {
    const stale = Math.min(SLOTS, slot - state.slot);
    for (let i = 1; i <= stale; i++) {
      const at = (slot - stale + i) % SLOTS;
      state.requestsNow -= state.requests[at]!;
      state.spentNow -= state.spent[at]!;
      state.requests[at] = 0;
      state.spent[at] = 0;
    }
    state.slot = slot;
  }
  return state.slot % SLOTS;
}

/** Counts one exchange of the route: the traffic that earns the budget. */
export function countRequest(state: ShareBudgetState, now: number, rule: ShareBudgetRule): void {
  const at = advance(state, now, rule.window);
  state.requests[at]!++;
  state.requestsNow++;
}

/** Books one extra attempt and says true, or says false and books nothing. `keep`: so many must be left for others. */
export function spend(state: ShareBudgetState, now: number, rule: ShareBudgetRule, keep = 0): boolean {
  const at = advance(state, now, rule.window);
  if (state.spentNow + 1 + keep > Math.max(rule.floor, rule.share * state.requestsNow)) return false;
  state.spent[at]!++;
  state.spentNow++;
  return true;
}

/** Where the budget stands, for a page. `left` is whole. */
export function readShareBudget(
  state: ShareBudgetState,
  now: number,
  rule: ShareBudgetRule,
): { readonly requests: number; readonly spent: number; readonly left: number } {
  advance(state, now, rule.window);
  const allowed = Math.max(rule.floor, rule.share * state.requestsNow);
  return {
    requests: state.requestsNow,
    spent: state.spentNow,
    left: Math.max(0, Math.floor(allowed - state.spentNow)),
  };
}
