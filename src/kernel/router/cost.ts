/**
 * What a solved task costs with the router and without it.
 *
 * Formula: CPS = Σ cost / Σ solved per arm; variance by the delta method, Var(c − CPS·s)/(n·s̄²); verdict from the interval of CPS_router − CPS_frontier at K = 10 planned looks with O'Brien–Fleming bounds z_k = 2.09·√(K/k), 5 % two-sided over all looks.
 * Assumes: tasks independent, assigned to the holdback by chance and not by the router; the costs of repeats linked to the task that caused them.
 * Cost: O(1) per task; state eight numbers per arm.
 * Lies when: an arm has fewer than about 30 solved tasks (then it is undecided by rule); when solved is judged more kindly in one arm; when looked at between the planned looks, which is why it then repeats its last verdict.
 * Reference: O'Brien and Fleming 1979; Cochran 1977 (ratio estimators).
 */
import type { MicroUsd } from '#contracts';
import { checkPositiveCount } from '../stats/check.ts';

/** Sums over closed tasks of one arm. */
export interface ArmState {
  readonly n: number;
  readonly cost: number;
  readonly costSquared: number;
  readonly solved: number;
  /** Cost of the solved ones. */
  readonly costSolved: number;
}

export type RouterVerdict = 'saves' | 'loses' | 'undecided';

export interface RouterCostState {
  readonly router: ArmState;
  readonly frontier: ArmState;
  readonly looks: number;
  readonly verdict: RouterVerdict;
  /** What the last look saw, micro-dollars per solved task. */
  readonly last?: {
    readonly difference: number;
    readonly lower: number;
    readonly upper: number;
    readonly n: number;
  };
}

const EMPTY: ArmState = Object.freeze({ n: 0, cost: 0, costSquared: 0, solved: 0, costSolved: 0 });
const LOOKS = 10;
/** O'Brien–Fleming constant for ten looks, 5 % two-sided (Jennison and Turnbull, table 2.3). */
const OBF = 2.087;
const LEAST_SOLVED = 30;

/** Cost per solved task and its variance; undefined while nothing is solved: a price without goods is no price. */
export function costPerSolved(
  arm: ArmState,
): { readonly cps: number; readonly variance: number; readonly n: number } | undefined {
  if (arm.solved === 0) return undefined;
  const { n, cost, costSquared, solved, costSolved } = arm;
  const cps = cost / solved;
  // Σ(c − R·s)² with s² = s; its mean is 0 by the choice of R.
  const spread = costSquared - 2 * cps * costSolved + cps * cps * solved;
  return { cps, variance: (Math.max(0, spread) / Math.max(1, n - 1) / n) * (n / solved) ** 2, n };
}

/** Verdict over `planned` closed tasks of both arms together; final when they are in. */
export function routerCost({ planned }: { readonly planned: number }) {
  checkPositiveCount('planned', planned);
  const start: RouterCostState = { router: EMPTY, frontier: EMPTY, looks: 0, verdict: 'undecided' };
  return {
    start,
    step(
      state: RouterCostState,
      task: { readonly arm: 'router' | 'frontier'; readonly microUsd: MicroUsd; readonly resolved: boolean },
    ): RouterCostState {
      const { arm, microUsd, resolved } = task;
      const before = state[arm];
      const next = {
        ...state,
        [arm]: {
          n: before.n + 1,
          cost: before.cost + microUsd,
          costSquared: before.costSquared + microUsd ** 2,
          solved: before.solved + (resolved ? 1 : 0),
          costSolved: before.costSolved + (resolved ? microUsd : 0),
        },
      };
      const seen = next.router.n + next.frontier.n;
      const look = state.looks + 1;
      if (state.verdict !== 'undecided' || look > LOOKS || seen < (look * planned) / LOOKS) return next;
      const [router, frontier] = [costPerSolved(next.router), costPerSolved(next.frontier)];
      if (!router || !frontier || next.router.solved < LEAST_SOLVED || next.frontier.solved < LEAST_SOLVED)
        return { ...next, looks: look };
      const difference = router.cps - frontier.cps;
      const half = OBF * Math.sqrt(LOOKS / look) * Math.sqrt(router.variance + frontier.variance);
      const last = { difference, lower: difference - half, upper: difference + half, n: seen };
      return {
        ...next,
        looks: look,
        last,
        verdict: last.lower > 0 ? 'loses' : last.upper < 0 ? 'saves' : 'undecided',
      };
    },
    read: (state: RouterCostState) => ({
      verdict: state.verdict,
      final: state.looks >= LOOKS || state.verdict !== 'undecided',
      router: costPerSolved(state.router),
      frontier: costPerSolved(state.frontier),
      last: state.last,
    }),
  };
}
