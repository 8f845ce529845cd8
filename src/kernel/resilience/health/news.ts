/**
 * What gateways tell each other about a target: the circuit and the grade, not the evidence.
 *
 * Formula: of two circuits the one with the later transition holds; of two grades the alarm that is younger than one's own last change. What is adopted recovers by one's own evidence.
 * Assumes: epoch clocks that agree to about a second; one message a transition, lost ones only delay.
 * Cost: 10 ns to hear.
 * Lies when: gateways see different providers (another network path, another key): give their targets different keys.
 * Reference: a last-writer-wins register (Shapiro and others, "CRDTs", 2011), enough because every transition is re-judged by live traffic.
 */
import { type CircuitState, moveCircuit, moveInstant } from './circuit.ts';
import { alarmed, type Grade } from './grade.ts';
import type { HealthState } from './health.ts';

export interface HealthNews {
  readonly circuit: CircuitState;
  /** Instant of the circuit's last transition. */
  readonly turnedAt: number;
  readonly grade: Grade;
  readonly gradedAt: number;
  readonly against: number;
  readonly target: number;
}

function turnedAt(circuit: CircuitState): number {
  if (circuit.phase === 'open') return circuit.at;
  return circuit.phase === 'probing' ? circuit.asked : circuit.since;
}

/** Is there anything that a peer who knows nothing should be told? */
export const worthTelling = ({ circuit, grade }: HealthState): boolean =>
  circuit.phase !== 'closed' || alarmed(grade);

/** What to publish; compare `turnedAt` and `gradedAt` with what was published last to publish transitions only. */
export function healthNews({ circuit, grade }: HealthState): HealthNews {
  return {
    circuit: { ...circuit },
    turnedAt: turnedAt(circuit),
    grade: grade.grade,
    gradedAt: grade.since,
    against: grade.against,
    target: grade.target,
  };
}

/** The same by a clock that is `by` milliseconds ahead. */
export const moveNews = (news: HealthNews, by: number): HealthNews => ({
  ...news,
  circuit: moveCircuit(news.circuit, by),
  turnedAt: moveInstant(news.turnedAt, by),
  gradedAt: moveInstant(news.gradedAt, by),
});

/**
 * Adopts what a peer knows later than we do; true when something changed. Hearing twice is hearing once. `later`: milliseconds by
 * which a probe is left to whoever told of the ejection; a hearer that did not wait would probe at the same instant.
 */
export function hearHealth(state: HealthState, news: HealthNews, later = 0): boolean {
  const { grade } = state;
  let changed = false;
  // A closed circuit is no transition that anybody waits for: the ramp before it was.
  if (news.circuit.phase !== 'closed' && news.turnedAt > turnedAt(state.circuit)) {
    const { circuit } = news;
    state.circuit = circuit.phase === 'open' ? { ...circuit, until: circuit.until + later } : { ...circuit };
    changed = true;
  }
  if (alarmed(news) && !alarmed(grade) && news.gradedAt > grade.since) {
    grade.grade = news.grade;
    grade.since = news.gradedAt;
    grade.against = news.against;
    grade.target = news.target;
    grade.recovery = 0;
    changed = true;
  }
  return changed;
}
