/**
 * Health of one target (provider × model × region × key × endpoint): one state, told the end of every attempt.
 *
 * Formula: bad = failed, or slower than its own normal (baseline); the grade judges brownouts, the circuit outages; share = the smaller of what the grade keeps and what the circuit lets through. While ejected, probes speak to the circuit only. Nothing is learned of a stretch under suspicion, nor for a day after an alarm: a slowness that stays for a day is the new normal.
 * Assumes: outcomes at the end of the attempt, told once; epoch milliseconds, because the state outlives the process.
 * Cost: about 0.3 µs an attempt; 6 KB of JSON a target.
 * Lies when: two targets fail together for a cause of ours (network, proxy): both are condemned, which is what panic in `spread` is for.
 * Reference: see baseline, grade, circuit.
 */
import {
  type BaselineState,
  createBaselineState,
  deviation,
  firstTokenSeries,
  hold,
  isSlow,
  learn,
  learnHeld,
  type SeriesState,
  sizeClass,
} from './baseline.ts';
import {
  CIRCUIT,
  type CircuitRule,
  type CircuitState,
  circuitShare,
  claimProbe,
  createCircuit,
  moveCircuit,
  moveInstant,
  probeDue,
  settleCircuit,
  stepCircuit,
} from './circuit.ts';
import { alarmed, GRADE, type Grade, type GradeRule, type GradeState, grading } from './grade.ts';
import type { HealthSignal } from './signal.ts';

export type HealthStatus = Grade | 'down';

export interface HealthState {
  readonly baseline: BaselineState;
  readonly grade: GradeState;
  circuit: CircuitState;
  /** When an ordinary or probing request was last sent there. */
  askedAt: number;
}

/** The end of one attempt. */
export interface HealthObservation {
  readonly now: number;
  readonly startedAt: number;
  readonly signal: HealthSignal;
  /** Milliseconds to the first real output. */
  readonly firstToken?: number;
  /** Over the stream after its first token; leave it out below some twenty tokens, where it is noise. */
  readonly tokensPerSecond?: number;
  readonly inputTokens?: number;
  /** How much slower than the weekly mean this hour is (`hourFactor`); 1 when unknown. */
  readonly hourFactor?: number;
  readonly random: () => number;
}

export interface HealthReading {
  readonly status: HealthStatus;
  /** In [0, 1]: share of good answers times speed against its own normal; 0 when down. */
  readonly score: number;
  /** Share of its ordinary traffic it should get now. */
  readonly share: number;
  readonly circuit: CircuitState['phase'];
  /** No probe before this instant, while down. */
  readonly until?: number;
  readonly since: number;
  /** Share of bad answers and factor of slowness, lately. */
  readonly bad: number;
  readonly slowness: number;
  /** Evidence and its threshold. */
  readonly statistic: number;
  readonly threshold: number;
}

export interface HealthRule {
  readonly grade: GradeRule;
  readonly circuit: CircuitRule;
  /** Milliseconds after an alarm at which the baseline learns again. */
  readonly accept: number;
  /** A target that keeps only a trickle is asked at least this often, ms, so that a quiet route sees its recovery. */
  readonly probeEvery: number;
}

export const HEALTH: HealthRule = Object.freeze({
  grade: GRADE,
  circuit: CIRCUIT,
  accept: 86_400_000,
  probeEvery: 120_000,
});

export interface Health {
  create(): HealthState;
  /** Tells the end of one attempt; mutates the state. */
  observe(state: HealthState, observation: HealthObservation): void;
  /** Share of its ordinary traffic in [0, 1]; 0 means ejected. */
  share(state: HealthState, now: number): number;
  /** True when the next request, whatever the shares, should go there to see how it fares. */
  probeDue(state: HealthState, now: number): boolean;
  /** Say so before a request is sent there; takes the place of the probe when one is due. */
  asked(state: HealthState, now: number): void;
  /** True while the circuit keeps ordinary traffic away. */
  ejected(state: HealthState): boolean;
  /** After a restart: a probe that was under way is lost, and the next request may be one. */
  revive(state: HealthState, now: number): HealthState;
  read(state: HealthState, now: number): HealthReading;
  /** Milliseconds after which a first token is slow for this target; undefined while too little is known. */
  slowAfter(
    state: HealthState,
    ask: { readonly inputTokens?: number; readonly hourFactor?: number },
  ): number | undefined;
  /** Milliseconds in which half of its first tokens come; undefined while too little is known. */
  usual(state: HealthState, ask: { readonly inputTokens?: number }): number | undefined;
}

/** Names a target in maps and stores; a part that does not apply is left out. */
export function healthKey(target: {
  readonly provider: string;
  readonly model: string;
  readonly region?: string;
  readonly key?: string;
  readonly endpoint?: string;
}): string {
  const { provider, model, region = '', key = '', endpoint = '' } = target;
  return [provider, model, region, key, endpoint]
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join('/');
}

export function health(rule: HealthRule = HEALTH): Health {
  const grades = grading(rule.grade);
  const { circuit: bounds, accept, probeEvery } = rule;

  const ejected = ({ circuit }: HealthState) => circuit.phase === 'open' || circuit.phase === 'probing';

  const share = (state: HealthState, now: number) => {
    const { circuit } = state;
    const kept = grades.share(state.grade, now);
    return circuit.phase === 'closed' ? kept : Math.min(kept, circuitShare(circuit, now, bounds));
  };

  /** After the grade has judged it: evidence decides what becomes of the observation. */
  function keep(series: SeriesState, x: number, grade: GradeState, now: number): void {
    if (alarmed(grade)) {
      series.held.length = 0;
      if (now - grade.since > accept) learn(series, now, x);
    } else if (grade.cusum.sum > 0) hold(series, x);
    else {
      if (series.held.length > 0) learnHeld(series, now);
      learn(series, now, x);
    }
  }

  function observe(state: HealthState, o: HealthObservation): void {
    const { now, startedAt, signal, random } = o;
    const before = state.circuit.phase;
    const served = signal === 'good' ? true : signal === 'bad' ? false : undefined;
    state.circuit = stepCircuit(state.circuit, { now, startedAt, served, random }, bounds);
    if (state.circuit.phase === 'open' && before !== 'open') grades.pardon(state.grade);
    if (served === undefined || ejected(state) || before === 'open' || before === 'probing') return;
    const factor = o.hourFactor ?? 1;
    const { baseline, grade } = state;
    // Figures of a failed attempt are those of the failure, not of the target's normal.
    const firstToken = served && o.firstToken !== undefined ? o.firstToken / factor : undefined;
    const msPerToken = served && o.tokensPerSecond! > 0 ? 1000 / o.tokensPerSecond! / factor : undefined;
    const first = firstTokenSeries(baseline, sizeClass(o.inputTokens ?? 0));
    const pace = baseline.msPerToken;
    grades.observe(grade, {
      now,
      bad:
        !served ||
        (firstToken !== undefined && isSlow(first, firstToken)) ||
        (msPerToken !== undefined && isSlow(pace, msPerToken)),
      lag: firstToken === undefined ? undefined : deviation(first, firstToken),
      lagSpread: first.spread,
      drag: msPerToken === undefined ? undefined : deviation(pace, msPerToken),
      dragSpread: pace.spread,
    });
    if (firstToken !== undefined) keep(first, firstToken, grade, now);
    if (msPerToken !== undefined) keep(pace, msPerToken, grade, now);
  }

  return Object.freeze({
    create: () => ({
      baseline: createBaselineState(),
      grade: grades.create(),
      circuit: createCircuit(),
      askedAt: 0,
    }),
    observe,
    share,
    probeDue(state, now) {
      if (ejected(state)) return probeDue(state.circuit, now, bounds);
      return state.grade.target < 1 && share(state, now) < 0.5 && now - state.askedAt >= probeEvery;
    },
    asked(state, now) {
      state.askedAt = now;
      if (probeDue(state.circuit, now, bounds)) state.circuit = claimProbe(state.circuit, now);
    },
    ejected,
    revive(saved, now) {
      // Saved by a clock that was put back since: as of now, or it would stand as it is until that hour comes again.
      const ahead = Math.max(saved.circuit.since, saved.grade.since, saved.grade.keptAt, saved.askedAt) - now;
      const state = ahead > 0 ? moveHealth(saved, -ahead) : saved;
      const { circuit } = state;
      if (circuit.phase !== 'probing') return state;
      const { since, level, probes } = circuit;
      return { ...state, circuit: { phase: 'open', since, at: now, level, probes, until: now } };
    },
    read(state, now) {
      const circuit = settleCircuit(state.circuit, now, bounds);
      const down = ejected(state);
      const { grade } = state;
      return {
        status: down ? 'down' : grade.grade,
        score: down ? 0 : grades.score(grade),
        share: share(state, now),
        circuit: circuit.phase,
        ...(circuit.phase === 'open' && { until: circuit.until }),
        since: down ? circuit.since : grade.since,
        bad: grade.bad,
        slowness: Math.exp(Math.max(0, grade.lag, grade.drag)),
        statistic: grade.cusum.sum,
        threshold: rule.grade.h,
      };
    },
    slowAfter({ baseline }, { inputTokens = 0, hourFactor = 1 }) {
      const limit = baseline.firstToken[sizeClass(inputTokens)]?.limit ?? 0;
      return limit > 0 ? limit * hourFactor : undefined;
    },
    usual({ baseline }, { inputTokens = 0 }) {
      const median = baseline.firstToken[sizeClass(inputTokens)]?.median ?? 0;
      return median > 0 ? median : undefined;
    },
  } satisfies Health);
}

/** The same by a clock that is `by` milliseconds ahead. */
function moveHealth(state: HealthState, by: number): HealthState {
  const { grade, circuit, askedAt } = state;
  return {
    ...state,
    circuit: moveCircuit(circuit, by),
    grade: {
      ...grade,
      since: moveInstant(grade.since, by),
      leftAt: moveInstant(grade.leftAt, by),
      keptAt: moveInstant(grade.keptAt, by),
    },
    askedAt: moveInstant(askedAt, by),
  };
}
