/**
 * A ramp over difficulty: each bucket has its own share, its own test and its own way back.
 *
 * Formula: per bucket and stage an e-process of bad answers against the old path's rate, P(false alarm) ≤ `alpha`; a stage is passed when every open field has `minimum` exchanges and every test is silent; each stage begins its tests anew; harm Σ n_b·upper95(bad_b) against the budget.
 * Assumes: outcomes of one bucket independent; the baseline an upper bound (a plug-in rate alarms too often).
 * Cost: a few microseconds per outcome; state below 1 KB per bucket.
 * Lies when: outcomes come in late and only the good ones come in at all: then n is not what it seems.
 * Reference: see field-test.ts.
 */
import type { EpochMs } from '#contracts';
import { percent } from '#contracts/say';
import { clopperPearsonUpper } from '../stats/intervals/clopper-pearson.ts';
import { type FieldTestState, fieldTest } from './field-test.ts';
import { checkRamp, type RampPlan, standing } from './plan.ts';

export interface RampBucket {
  /** Outcomes on the new path: of the whole ramp, and of the present stage. */
  readonly n: number;
  readonly bad: number;
  readonly stageN: number;
  /** Answers of the new path on which nobody has given a verdict yet; they count for the exposure alone. */
  readonly unjudged?: number;
  /** Outcomes on the old path meanwhile, for the exposure. */
  readonly old: number;
  readonly test: FieldTestState;
  readonly rolledBack?: { readonly at: EpochMs; readonly why: string };
}

export interface RampState {
  readonly stage: number;
  readonly since: EpochMs;
  readonly buckets: readonly RampBucket[];
}

export interface RampAsk {
  readonly session: string;
  readonly bucket: number;
  readonly workflow?: string;
  /** What the session's last exchange took: a thread does not change its path while its field is open. */
  readonly held?: 'new' | 'old';
}

export type RampGate =
  | { readonly verdict: 'pass' }
  | { readonly verdict: 'wait' | 'stop'; readonly bucket?: number; readonly why: string };

export function ramp(plan: RampPlan) {
  checkRamp(plan);
  const { stages, allow = [], minimum, baseline, harm: budget, alpha = 0.001 } = plan;
  const allowed = new Set(allow);
  const tests = baseline.map((p0) => fieldTest(p0, alpha));
  const startOf = (bucket: number) => (tests[bucket] as (typeof tests)[number]).start;
  const shareOf = (state: RampState, bucket: number) =>
    state.buckets[bucket]?.rolledBack ? 0 : (stages[state.stage]?.[bucket] ?? 0);
  const change = (state: RampState, bucket: number, to: (b: RampBucket) => RampBucket): RampState => ({
    ...state,
    buckets: state.buckets.map((b, i) => (i === bucket ? to(b) : b)),
  });
  const harmOf = (state: RampState) =>
    state.buckets.reduce((sum, b) => sum + (b.n === 0 ? 0 : b.n * clopperPearsonUpper(b.bad, b.n, 0.95)), 0);

  const enter = (state: RampState, stage: number, at: EpochMs): RampState => ({
    stage,
    since: at,
    buckets: state.buckets.map((b, i) => ({ ...b, stageN: 0, test: startOf(i) })),
  });
  const gate = (state: RampState): RampGate => {
    for (const [bucket, b] of state.buckets.entries())
      if (b.rolledBack) return { verdict: 'stop', bucket, why: b.rolledBack.why };
    if (state.buckets.reduce((sum, b) => sum + b.bad, 0) >= budget)
      return { verdict: 'stop', why: 'the harm budget is spent' };
    for (const [bucket, b] of state.buckets.entries())
      if (shareOf(state, bucket) > 0 && b.stageN < minimum)
        return { verdict: 'wait', bucket, why: `${b.stageN} of ${minimum} exchanges: no data is not a pass` };
    return { verdict: 'pass' };
  };

  return {
    start: (at: EpochMs): RampState => ({
      stage: 0,
      since: at,
      buckets: tests.map(({ start }) => ({ n: 0, bad: 0, stageN: 0, old: 0, test: start })),
    }),

    /** Which path an exchange takes. A function of its arguments: any gateway decides the same. */
    decide(state: RampState, { session, bucket, workflow, held }: RampAsk): 'new' | 'old' {
      // A rolled-back bucket is closed to everybody, those who asked for the new path included.
      if (state.buckets[bucket]?.rolledBack) return 'old';
      if (workflow !== undefined && allowed.has(workflow)) return 'new';
      const share = shareOf(state, bucket);
      if (share === 0) return 'old';
      return held ?? (standing(plan.name, session) < share ? 'new' : 'old');
    },

    /** Counts an outcome; a bucket whose test alarms is rolled back in the same step, and only that bucket. */
    outcome(
      state: RampState,
      {
        at,
        bucket,
        path,
        bad,
        judged,
      }: {
        readonly at: EpochMs;
        readonly bucket: number;
        readonly path: 'new' | 'old';
        readonly bad: boolean;
        /** A verdict that came after the answer, and the stage in which that was given: it is no evidence that this stage has been seen. */
        readonly judged?: { readonly stage: number };
      },
    ): RampState {
      const test = tests[bucket];
      if (!test) throw new RangeError(`ramp ${plan.name}: no bucket ${bucket}`);
      if (path === 'old') return change(state, bucket, (b) => ({ ...b, old: b.old + 1 }));
      return change(state, bucket, (b) => {
        const tested = test.step(b.test, bad);
        const now = judged === undefined || judged.stage === state.stage;
        const next = {
          ...b,
          ...(judged && { unjudged: Math.max(0, (b.unjudged ?? 0) - 1) }),
          test: tested,
          n: b.n + 1,
          stageN: b.stageN + (now ? 1 : 0),
          bad: b.bad + (bad ? 1 : 0),
        };
        const { alarm } = test.read(tested);
        return alarm && !b.rolledBack
          ? {
              ...next,
              rolledBack: {
                at,
                why: `${next.bad} bad of ${next.n}, expected ${percent(baseline[bucket])}`,
              },
            }
          : next;
      });
    },

    /** An answer of the new path on which a verdict may come. */
    awaits: (state: RampState, bucket: number): RampState =>
      change(state, bucket, (b) => ({ ...b, unjudged: (b.unjudged ?? 0) + 1 })),

    gate,

    /** The next stage if the gate lets it pass, else the same state. */
    advance(state: RampState, at: EpochMs): RampState {
      if (state.stage >= stages.length - 1 || gate(state).verdict !== 'pass') return state;
      return enter(state, state.stage + 1, at);
    },

    /** A later stage whose gate was passed elsewhere. */
    enter: (state: RampState, stage: number, at: EpochMs): RampState =>
      stage > state.stage && stage < stages.length ? enter(state, stage, at) : state,

    rollBack: (state: RampState, bucket: number, at: EpochMs, why: string): RampState =>
      change(state, bucket, (b) => ({ ...b, rolledBack: { at, why } })),

    /** Opens a bucket again after a fix; its test and its counts begin anew, since they were about something else. */
    reopen: (state: RampState, bucket: number): RampState =>
      change(state, bucket, ({ old }) => ({
        n: 0,
        bad: 0,
        stageN: 0,
        old,
        test: startOf(bucket),
      })),

    /** What the board shows. */
    read(state: RampState) {
      const harm = harmOf(state);
      const last = state.buckets.at(-1) as RampBucket;
      const onNew = last.n + (last.unjudged ?? 0);
      const hard = onNew + last.old;
      return {
        stage: state.stage,
        stages: stages.length,
        gate: gate(state),
        /** Expected bad answers at worst (95 %), against the budget. */
        harm: { upper: harm, seen: state.buckets.reduce((sum, b) => sum + b.bad, 0), budget },
        /** Share of the hardest inputs on the new path; absent before there were any. */
        ...(hard === 0 ? {} : { hardExposure: onNew / hard }),
        fields: state.buckets.map((b, bucket) => ({
          bucket,
          share: shareOf(state, bucket),
          n: b.n,
          bad: b.bad,
          upper: b.n === 0 ? 1 : clopperPearsonUpper(b.bad, b.n, 0.95),
          alarm: (tests[bucket] as (typeof tests)[number]).read(b.test),
          ...(b.rolledBack ? { rolledBack: b.rolledBack } : {}),
        })),
      };
    },
  };
}

export type Ramp = ReturnType<typeof ramp>;
