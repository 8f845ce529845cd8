/**
 * The three proofs of one edge put together: what its tier asks for, and whether it has it.
 *
 * Formula: PROBED holds by a probe or by exercise, which says more; EXERCISED by exercise alone; LOAD by exercise and ramp both, because a ramp of our own asks says how much and not whether real asks are answered.
 * Assumes: a probe and a ramp are dated and carry the contract hash under which they ran.
 * Cost: O(1).
 * Lies when: what an edge depends on is not in its contract hash; then only exercise finds out.
 */
import { type EpochMs, PROOF_STATES, type ProofLevel } from '#contracts';
import type { Proof, ProofName } from './proof.ts';

/** A proof that is made at once, by a drill, and holds until it is old or its contract changes. */
export interface Shown {
  readonly contract: string;
  readonly at: EpochMs;
  readonly good: boolean;
  readonly why: string;
}

/** How long a drill's word holds; 7 days. */
export const SHOWN_FOR = 7 * 86_400_000;

export interface ShownReading {
  readonly state: ProofName;
  readonly why: string;
  readonly at?: EpochMs;
}

export function readShown(
  shown: Shown | undefined,
  now: EpochMs,
  contract: string,
  holds = SHOWN_FOR,
): ShownReading {
  if (!shown) return { state: 'UNPROVEN', why: 'never drilled' };
  const { at, why } = shown;
  if (shown.contract !== contract)
    return { state: 'UNPROVEN', why: 'its contract has changed since the drill', at };
  if (!shown.good) return { state: 'BROKEN', why, at };
  return { state: now - at > holds ? 'STALE' : 'PROVEN', why, at };
}

export interface ThreeProofs {
  readonly probed: Pick<ShownReading, 'state'>;
  readonly exercised: Pick<Proof, 'state'>;
  readonly load: Pick<ShownReading, 'state'>;
}

const worse = (a: ProofName, b: ProofName): ProofName =>
  PROOF_STATES.indexOf(a) < PROOF_STATES.indexOf(b) ? a : b;
const better = (a: ProofName, b: ProofName): ProofName => (worse(a, b) === a ? b : a);

/** Where an edge stands against what is asked of it; without a level, by its best proof. */
export function standsAt(level: ProofLevel | undefined, { probed, exercised, load }: ThreeProofs): ProofName {
  // A probe that failed is believed until traffic says otherwise; one that went well says nothing against traffic that did not.
  const used = exercised.state === 'UNPROVEN' && probed.state === 'BROKEN' ? probed.state : exercised.state;
  if (level === 'EXERCISED') return used;
  if (level === 'LOAD') return worse(used, load.state);
  return used === 'BROKEN' ? used : better(used, probed.state);
}
