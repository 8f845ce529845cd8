/**
 * Ejection of a target that fails outright, and its way back: closed → open → probing → ramp → closed.
 *
 * Formula: opens after 5 failures in a row (2 during a ramp), for 5 s·2^(n) up to 5 min, n = recent ejections + failed probes; after a failed probe the next comes no later than max(20 s, 0.4 × the outage so far); jitter +10 %. One good probe begins the ramp: share 10 % → 50 % at 30 s → 100 % at 60 s.
 * Assumes: outcomes are told at the end of an attempt with the instant of its beginning.
 * Cost: 5 ns closed; allocates at transitions only.
 * Lies when: the target fails for one kind of request only: the probe is whichever request comes next.
 * Reference: Nygard, "Release It!", circuit breaker; Envoy, outlier detection (growing ejection). The bound by the outage's own length is ours: with plain doubling an outage of 60 s is noticed as over up to 40 s late, and the promise is 30.
 */
export interface CircuitRule {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** The same while it returns. */
  readonly rampFailures: number;
  /** First ejection, ms. */
  readonly first: number;
  readonly longest: number;
  /** A probe that has told nothing for so long is lost, and another may go. */
  readonly probeTimeout: number;
  /** Length of the ramp, ms. */
  readonly ramp: number;
  /** Closed for so long, earlier ejections are forgotten. */
  readonly forget: number;
}

export const CIRCUIT: CircuitRule = Object.freeze({
  failures: 5,
  rampFailures: 2,
  first: 5_000,
  longest: 300_000,
  probeTimeout: 120_000,
  ramp: 60_000,
  forget: 300_000,
});

/** `since`: when the phase began, for open and probing when the outage began; `at`: when this wait of it began. `level`: ejections not yet forgotten. */
export type CircuitState =
  | {
      readonly phase: 'closed';
      readonly since: number;
      readonly level: number;
      streak: number;
      failing: number;
    }
  | {
      readonly phase: 'open';
      readonly since: number;
      readonly at: number;
      readonly level: number;
      readonly probes: number;
      until: number;
    }
  | {
      readonly phase: 'probing';
      readonly since: number;
      readonly level: number;
      readonly probes: number;
      asked: number;
    }
  | {
      readonly phase: 'ramp';
      readonly since: number;
      readonly level: number;
      streak: number;
      failing: number;
    };

export const createCircuit = (): CircuitState => ({
  phase: 'closed',
  since: 0,
  level: 0,
  streak: 0,
  failing: 0,
});

/** 0 is never, on every clock. */
export const moveInstant = (at: number, by: number): number => (at === 0 ? 0 : at + by);

/** The same by a clock that is `by` milliseconds ahead. */
export function moveCircuit(circuit: CircuitState, by: number): CircuitState {
  const move = (at: number) => moveInstant(at, by);
  const since = move(circuit.since);
  switch (circuit.phase) {
    case 'open':
      return { ...circuit, since, at: move(circuit.at), until: move(circuit.until) };
    case 'probing':
      return { ...circuit, since, asked: move(circuit.asked) };
    default:
      return { ...circuit, since, failing: move(circuit.failing) };
  }
}

const LATEST_PROBE = 20_000;
const OUTAGE_SHARE = 0.4;

function ejection(
  level: number,
  probes: number,
  outage: number,
  random: () => number,
  { first, longest }: CircuitRule,
): number {
  const doubled = Math.min(longest, first * 2 ** Math.min(30, level + probes));
  const least = Math.min(longest, first * 2 ** Math.min(30, level));
  const bounded =
    probes === 0 ? doubled : Math.min(doubled, Math.max(LATEST_PROBE, least, OUTAGE_SHARE * outage));
  return bounded * (1 + random() / 10);
}

function open(circuit: CircuitState, now: number, random: () => number, rule: CircuitRule): CircuitState {
  const lately = circuit.phase !== 'closed' || now - circuit.since < rule.forget;
  const level = lately ? circuit.level : 0;
  const until = now + ejection(level, 0, 0, random, rule);
  return { phase: 'open', since: now, at: now, level: level + 1, probes: 0, until };
}

export interface CircuitEvent {
  readonly now: number;
  readonly startedAt: number;
  /** True: served, however slowly. False: failed. Undefined: ended without saying anything about the target. */
  readonly served: boolean | undefined;
  readonly random: () => number;
}

/** The circuit after one attempt has ended. Attempts that were under way at a transition say nothing after it. */
export function stepCircuit(
  circuit: CircuitState,
  { now, startedAt, served, random }: CircuitEvent,
  rule: CircuitRule = CIRCUIT,
): CircuitState {
  switch (circuit.phase) {
    case 'closed':
    case 'ramp': {
      if (served === undefined) return settleCircuit(circuit, now, rule);
      if (served) {
        if (startedAt >= circuit.failing) circuit.streak = 0;
        return settleCircuit(circuit, now, rule);
      }
      if (startedAt < circuit.since) return circuit;
      if (circuit.streak === 0) circuit.failing = startedAt;
      circuit.streak++;
      const bound = circuit.phase === 'ramp' ? rule.rampFailures : rule.failures;
      return circuit.streak >= bound ? open(circuit, now, random, rule) : settleCircuit(circuit, now, rule);
    }
    case 'open':
      // In panic ordinary traffic reaches an open circuit too; an answer is an answer.
      return served && startedAt >= circuit.since ? back(circuit.level, now) : circuit;
    case 'probing': {
      if (startedAt < circuit.asked) return circuit;
      if (served) return back(circuit.level, now);
      const { since, level, probes } = circuit;
      // A probe that its caller left, or that was refused for its own sake, has to be repeated at once.
      if (served === undefined) return { phase: 'open', since, at: now, level, probes, until: now };
      const wait = ejection(level - 1, probes + 1, now - since, random, rule);
      return { phase: 'open', since, at: now, level, probes: probes + 1, until: now + wait };
    }
  }
}

const back = (level: number, now: number): CircuitState => ({
  phase: 'ramp',
  since: now,
  level,
  streak: 0,
  failing: 0,
});

/** A ramp that is over is a closed circuit. */
export function settleCircuit(circuit: CircuitState, now: number, rule: CircuitRule = CIRCUIT): CircuitState {
  return circuit.phase === 'ramp' && now - circuit.since >= rule.ramp
    ? {
        phase: 'closed',
        since: circuit.since + rule.ramp,
        level: circuit.level,
        streak: circuit.streak,
        failing: circuit.failing,
      }
    : circuit;
}

/** True when the next request may be the probe. */
export function probeDue(circuit: CircuitState, now: number, rule: CircuitRule = CIRCUIT): boolean {
  if (circuit.phase === 'open') return now >= circuit.until;
  return circuit.phase === 'probing' && now - circuit.asked >= rule.probeTimeout;
}

/** Takes the one place of the probe; call only when it is due, and send the request. */
export function claimProbe(circuit: CircuitState, now: number): CircuitState {
  if (circuit.phase !== 'open' && circuit.phase !== 'probing') return circuit;
  const { since, level, probes } = circuit;
  return { phase: 'probing', since, level, probes, asked: now };
}

/** Share of ordinary traffic: 0 while ejected, the ramp's while returning, else 1. */
export function circuitShare(circuit: CircuitState, now: number, rule: CircuitRule = CIRCUIT): number {
  switch (circuit.phase) {
    case 'closed':
      return 1;
    case 'ramp': {
      const x = (now - circuit.since) / rule.ramp;
      if (x >= 1) return 1;
      return x < 0.5 ? 0.1 + 0.8 * Math.max(0, x) : x;
    }
    default:
      return 0;
  }
}
