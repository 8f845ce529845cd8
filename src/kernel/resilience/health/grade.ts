/**
 * Graded health of a target that still answers: healthy → watch → degraded → brownout, and how much traffic it keeps.
 *
 * Formula: Bernoulli CUSUM over bad events, p0 = 0.011, p1 = 0.05; watch at S ≥ h/2, degraded at S ≥ h = 10. Score = (1 − bad)·speed, bad and the log deviations of first token and pace being exponential means over 32 observations; brownout at bad ≥ 0.2 or speed ≤ 0.5, degraded again at bad < 0.1 and speed > 0.67. Leaves when the reverse CUSUM, log-likelihood of p0 against the bad share at the alarm (at least 5 %), reaches 8: 200 clean answers at 5 %, 24 at 30 %; after an alarm within an hour of leaving it argues against 3 % instead, or a slow ramp would be left and entered thirty times. Traffic kept → max(p0/bad within 3 and 5 %, score^32) in degraded and brownout, at most halving every 5 s and doubling every 10 s.
 * Assumes: independent answers with at most 1.1 % bad ones while healthy.
 * Cost: 80 ns.
 * Lies when: more than about 2 % of a healthy target's answers are bad: raise p0 and p1 for it.
 * Reference: Page 1954; false-alarm budget of h = 10 by simulation: 6.4 % of 4,000 healthy streams of 100,000 answers (2.3 % at h = 11, 0.8 % at h = 12).
 */
import { bernoulliCusum, type CusumState } from '#kernel/stats';

export interface GradeRule {
  /** Share of bad events while healthy, and the share to be found soon. */
  readonly p0: number;
  readonly p1: number;
  /** Threshold of the alarm. */
  readonly h: number;
  /** Evidence of recovery. */
  readonly recover: number;
  /** An alarm within so many ms of leaving is a relapse, and recovery then has to be told from this share. */
  readonly relapse: number;
  readonly relapsed: number;
  /** Answers over which the score remembers. */
  readonly memory: number;
  /** Share kept = score^gamma: what is kept times what is bad of it stays near p0. */
  readonly gamma: number;
  /** Share kept at least, so that recovery is seen: p0 / bad, between these two. */
  readonly trickle: { readonly least: number; readonly most: number };
  /** Milliseconds in which the share kept may halve, and double. */
  readonly halving: number;
  readonly doubling: number;
}

export const GRADE: GradeRule = Object.freeze({
  p0: 0.011,
  p1: 0.05,
  h: 10,
  recover: 8,
  relapse: 3_600_000,
  relapsed: 0.03,
  memory: 32,
  gamma: 32,
  trickle: Object.freeze({ least: 0.03, most: 0.05 }),
  halving: 5_000,
  doubling: 10_000,
});

export type Grade = 'healthy' | 'watch' | 'degraded' | 'brownout';

export interface GradeState {
  grade: Grade;
  /** When the grade was last changed; 0 when never. */
  since: number;
  cusum: CusumState;
  /** Reverse evidence; 0 while healthy. */
  recovery: number;
  /** Bad share that it argues against. */
  against: number;
  /** When it last left degraded for healthy; 0 when never. */
  leftAt: number;
  /** Exponential means: share of bad events, ln of slowness of first token and of pace. */
  bad: number;
  lag: number;
  drag: number;
  /** What of them is noise: not held against the target. */
  lagSlack: number;
  dragSlack: number;
  /** Share of ordinary traffic kept at `keptAt`, and where it is going. */
  kept: number;
  keptAt: number;
  target: number;
}

export interface Graded {
  readonly now: number;
  readonly bad: boolean;
  /** ln of how many times slower than its median the first token came; undefined when none came. */
  readonly lag?: number;
  /** Standard deviation of that logarithm while healthy. */
  readonly lagSpread?: number;
  /** The same of milliseconds per token. */
  readonly drag?: number;
  readonly dragSpread?: number;
}

export interface Grading {
  create(): GradeState;
  observe(state: GradeState, graded: Graded): void;
  /** Forgets what an outage added: the circuit has dealt with it. */
  pardon(state: GradeState): void;
  share(state: GradeState, now: number): number;
  score(state: GradeState): number;
}

/** True from an alarm until the target is clean again. */
export const alarmed = ({ grade }: { readonly grade: Grade }): boolean =>
  grade === 'degraded' || grade === 'brownout';

const SLACK = Math.log(1.25);
/** Three standard errors of an exponential mean over 32, which weighs like 63 observations. */
const NOISE = 3 / Math.sqrt(63);
const WILD = 3;
const clip = (x: number) => Math.min(WILD, Math.max(-WILD, x));
const slack = (spread = 0) => Math.max(SLACK, NOISE * spread);

export function grading(rule: GradeRule = GRADE): Grading {
  const { p0, p1, recover, relapse, relapsed, memory, gamma, trickle, halving, doubling, h } = rule;
  const cusum = bernoulliCusum(rule);
  const step = 1 / memory;

  const speed = (state: GradeState) =>
    Math.exp(-Math.max(0, state.lag - state.lagSlack, state.drag - state.dragSlack));
  const floor = (share: number) => Math.min(trickle.most, Math.max(trickle.least, p0 / share));
  const score = (state: GradeState) => (1 - state.bad) * speed(state);

  function settle(state: GradeState, now: number): number {
    const passed = now - state.keptAt;
    if (state.kept === state.target || passed <= 0) {
      if (passed > 0) state.keptAt = now;
      return state.kept;
    }
    state.kept =
      state.target < state.kept
        ? Math.max(state.target, state.kept * 2 ** (-passed / halving))
        : Math.min(state.target, Math.max(state.kept, trickle.least) * 2 ** (passed / doubling));
    state.keptAt = now;
    return state.kept;
  }

  function enter(state: GradeState, grade: Grade, now: number): void {
    state.grade = grade;
    state.since = now;
  }

  return Object.freeze({
    create: () => ({
      grade: 'healthy',
      since: 0,
      cusum: cusum.start,
      recovery: 0,
      against: 0,
      leftAt: 0,
      bad: 0,
      lag: 0,
      drag: 0,
      lagSlack: SLACK,
      dragSlack: SLACK,
      kept: 1,
      keptAt: 0,
      target: 1,
    }),
    observe(state, graded) {
      const { now, bad } = graded;
      settle(state, now);
      const x = bad ? 1 : 0;
      state.bad += step * (x - state.bad);
      if (graded.lag !== undefined) {
        state.lag += step * (clip(graded.lag) - state.lag);
        state.lagSlack = slack(graded.lagSpread);
      }
      if (graded.drag !== undefined) {
        state.drag += step * (clip(graded.drag) - state.drag);
        state.dragSlack = slack(graded.dragSpread);
      }
      state.cusum = cusum.step(state.cusum, x);
      if (state.grade === 'healthy' || state.grade === 'watch') {
        if (state.cusum.sum >= h) {
          enter(state, 'degraded', now);
          const again = state.leftAt > 0 && now - state.leftAt < relapse;
          state.against = again ? relapsed : Math.min(0.5, Math.max(p1, state.bad));
          state.recovery = 0;
        } else if (state.cusum.sum >= h / 2) {
          if (state.grade === 'healthy') enter(state, 'watch', now);
        } else if (state.grade === 'watch' && state.cusum.sum < h / 4) enter(state, 'healthy', now);
      } else {
        const evidence = Math.log(bad ? p0 / state.against : (1 - p0) / (1 - state.against));
        state.recovery = Math.max(0, state.recovery + evidence);
        if (state.recovery >= recover) {
          enter(state, 'healthy', now);
          state.cusum = cusum.start;
          state.recovery = 0;
          state.leftAt = now;
        } else if (state.grade === 'degraded') {
          if (state.bad >= 0.2 || speed(state) <= 0.5) enter(state, 'brownout', now);
        } else if (state.bad < 0.1 && speed(state) > 0.67) enter(state, 'degraded', now);
      }
      state.target = alarmed(state) ? Math.max(floor(state.bad), score(state) ** gamma) : 1;
    },
    pardon(state) {
      if (alarmed(state)) return;
      state.grade = 'healthy';
      state.cusum = cusum.start;
      state.bad = 0;
      state.target = 1;
    },
    share: settle,
    score,
  } satisfies Grading);
}
