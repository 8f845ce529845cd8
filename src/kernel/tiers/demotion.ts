/**
 * A demotion rule: who may send exchanges to a lower tier, how many, and until when.
 *
 * Formula: token bucket over exchanges, not over time: each exchange of the tier adds `maxShare`, each demotion takes 1, at most `burst` are saved. Hence demoted ≤ maxShare · seen + burst after any prefix of the traffic.
 * Assumes: every exchange of the `from` tier is shown, demoted or not; otherwise the share is one of something else.
 * Cost: O(1).
 * Lies when: N gateways each hold a bucket: together they allow N bursts.
 */
import { DEMOTION_REASONS, type DemotionReason, type EpochMs } from '#contracts';

export interface DemotionRule {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly owner: string;
  readonly reason: DemotionReason;
  /** Largest share of the exchanges of `from` that it may take, in (0, 1]. */
  readonly maxShare: number;
  readonly expiresAt: EpochMs;
  /** `restore`: as if the rule were gone. `block`: what it would demote is refused, so that somebody looks. `extend-with-approval`: acts on while approved, else restores. */
  readonly onExpire: 'restore' | 'block' | 'extend-with-approval';
  readonly approval?: { readonly by: string; readonly until: EpochMs };
  /** Demotions that may be saved up; 10. */
  readonly burst?: number;
}

export interface DemotionState {
  /** Demotions that may be made now. */
  readonly credit: number;
  readonly seen: number;
  readonly demoted: number;
  /** Wanted and not made, over the share or expired. */
  readonly held: number;
}

export interface DemotionDecision {
  readonly state: DemotionState;
  readonly do: 'serve' | 'demote' | 'refuse';
  readonly why: 'not_wanted' | 'within_share' | 'over_share' | 'expired';
}

export interface DemotionStanding {
  readonly status: 'acting' | 'extended' | 'expired' | 'blocking';
  /** Milliseconds left, of the approval if that is what it acts on; negative once past. */
  readonly left: number;
  /** Absent before the first exchange. */
  readonly share?: number;
  readonly maxShare: number;
  readonly held: number;
}

/** Throws a RangeError that names the field; a rule without owner or end is how a 5 % router became the default. */
export function checkDemotion(rule: DemotionRule): DemotionRule {
  const wrong = (field: string, should: string) =>
    new RangeError(`demotion ${rule.id || '?'}: ${field} ${should}`);
  if (!rule.id) throw wrong('id', 'must not be empty');
  if (!rule.owner) throw wrong('owner', 'must name somebody');
  if (!DEMOTION_REASONS.includes(rule.reason))
    throw wrong('reason', `must be one of ${DEMOTION_REASONS.join(', ')}`);
  if (rule.from === rule.to) throw wrong('to', 'must differ from `from`');
  if (!(rule.maxShare > 0 && rule.maxShare <= 1)) throw wrong('maxShare', 'must lie in (0, 1]');
  if (!Number.isFinite(rule.expiresAt)) throw wrong('expiresAt', 'must be a time');
  if (rule.burst !== undefined && !(rule.burst >= 1)) throw wrong('burst', 'must be at least 1');
  return rule;
}

/** One token to begin with: a rule that needs a thousand exchanges before its first demotion would look broken. */
export const DEMOTION_START: DemotionState = Object.freeze({ credit: 1, seen: 0, demoted: 0, held: 0 });

const standing = (rule: DemotionRule, now: EpochMs): DemotionStanding['status'] => {
  if (now < rule.expiresAt) return 'acting';
  if (rule.onExpire === 'block') return 'blocking';
  return rule.onExpire === 'extend-with-approval' && rule.approval && now < rule.approval.until
    ? 'extended'
    : 'expired';
};

/** Shows the rule one exchange of its tier, of which `wanted` says whether its reason applies. */
export function demote(
  rule: DemotionRule,
  state: DemotionState,
  now: EpochMs,
  wanted: boolean,
): DemotionDecision {
  const credit = Math.min(rule.burst ?? 10, state.credit + rule.maxShare);
  const seen = state.seen + 1;
  if (!wanted) return { state: { ...state, credit, seen }, do: 'serve', why: 'not_wanted' };
  const held = { ...state, credit, seen, held: state.held + 1 };
  const status = standing(rule, now);
  if (status === 'blocking') return { state: held, do: 'refuse', why: 'expired' };
  if (status === 'expired') return { state: held, do: 'serve', why: 'expired' };
  // A sum of shares that is 1 on paper may be a hair below it in binary.
  if (credit < 1 - 1e-9) return { state: held, do: 'serve', why: 'over_share' };
  return {
    state: { ...state, credit: Math.max(0, credit - 1), seen, demoted: state.demoted + 1 },
    do: 'demote',
    why: 'within_share',
  };
}

export function demotionStanding(rule: DemotionRule, state: DemotionState, now: EpochMs): DemotionStanding {
  const status = standing(rule, now);
  const until = status === 'extended' && rule.approval ? rule.approval.until : rule.expiresAt;
  return {
    status,
    left: until - now,
    ...(state.seen === 0 ? {} : { share: state.demoted / state.seen }),
    maxShare: rule.maxShare,
    held: state.held,
  };
}
