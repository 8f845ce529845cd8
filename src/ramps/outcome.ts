import { type ExchangeFacts, isGood, type Outcome } from '#contracts';
import { healthOf, SEMANTICS } from '#kernel';

/** The parts of an exchange, or of an attempt, that say how it ended. */
type End = Pick<ExchangeFacts, 'outcome' | 'failure'>;

/**
 * Was the answer of this tier bad? Undefined where it says nothing about the tier: it was never asked, the caller left, the
 * fault is the caller's or ours, or the target was well and full. A tier that failed and was caught by another was bad: the
 * catch has hidden it from the caller, and must not hide it from the ramp.
 */
export function badAt(
  { tier, attempts, outcome, failure }: ExchangeFacts,
  name: string,
): boolean | undefined {
  if (tier.served === name) return judged({ outcome, failure });
  const tried = attempts.findLast((attempt) => attempt.tier === name);
  return tried && judged(tried);
}

function judged({ outcome, failure }: End): boolean | undefined {
  if (isGood(outcome)) return false;
  if (NOBODYS.has(outcome)) return undefined;
  if (!failure) return true;
  const health = healthOf(outcome, failure);
  // What times out by our own limit is slow; a provider that rejects the ask has failed at it, though its health is none of it.
  return health === 'bad' || (health === 'none' && SEMANTICS[failure.kind].fault === 'provider')
    ? true
    : undefined;
}

const NOBODYS: ReadonlySet<Outcome> = new Set<Outcome>(['cancelled']);
