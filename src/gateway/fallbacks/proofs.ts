import type { Clock, FallbackView, Lane, ProbeProof, Route } from '#contracts';
import { isGood } from '#contracts';
import {
  edgeProof,
  PICK_START,
  type PickState,
  type ProofState,
  pick,
  readShown,
  type Shown,
  standsAt,
} from '#kernel/tiers';
import type { Step } from '../plan.ts';
import type { Try, TryEnd, Walk } from '../walk.ts';
import { type Edge, edgeOf } from './edges.ts';

/** What was seen of one edge. Plain JSON. */
export interface EdgeState {
  readonly exercised: ProofState;
  readonly probed?: Shown & Pick<ProbeProof, 'checks'>;
  readonly load?: Shown & { readonly perSecond: number };
}

export type ProofsSnapshot = Readonly<Record<string, EdgeState>>;

/** An edge as it stands, without the sentence for a person. */
export type EdgeReading = Omit<FallbackView, 'says' | 'todo'>;

const rule = edgeProof();

/**
 * Which fallbacks are known to work, because they did: every answer of a lower tier counts, and where a route says so a share
 * of its traffic goes there on purpose. A change of what an edge depends on makes it unproven at once.
 */
export class Proofs {
  private readonly clock: Clock;
  private readonly states = new Map<string, EdgeState>();
  private readonly edges = new WeakMap<Step, Edge>();
  private readonly picks = new Map<string, PickState>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Place in the plan of the edge that this exchange is to exercise; undefined for most, which go the usual way. */
  exercise(route: Route, steps: readonly Step[], walk: Walk, lane: Lane): number | undefined {
    const { share } = route.config.exercise;
    if (share === 0 || spared(route, walk, lane)) return undefined;
    for (let at = 1; at < steps.length; at++) {
      const step = steps[at] as Step;
      if (step.tier === steps[0]?.tier) continue;
      const { key } = this.edge(route, step);
      const { state, exercise } = pick(this.picks.get(key) ?? PICK_START, share, this.clock.random());
      this.picks.set(key, state);
      if (exercise) return at;
    }
    return undefined;
  }

  /** Tells the end of a try; those of the first tier prove nothing. */
  ended(route: Route, one: Try, { outcome, failure }: TryEnd): void {
    if (one.tier === route.tiers[0]) return;
    // A caller who leaves has not shown that the edge is broken.
    if (outcome === 'cancelled') return;
    const { key, contract } = this.edge(route, one.step);
    const before = this.states.get(key) ?? { exercised: rule.start(contract) };
    const exercised = rule.step(
      before.exercised,
      {
        at: this.clock.now(),
        contract,
        good: isGood(outcome),
        reason: failure ? `${failure.kind}: ${failure.hint}`.slice(0, 200) : outcome,
      },
      contract,
    );
    this.states.set(key, { ...before, exercised });
  }

  /** Every edge of a plan, exercised or not. */
  read(route: Route, steps: readonly Step[]): readonly EdgeReading[] {
    return steps.filter(({ tier }) => tier !== route.tiers[0]).map((step) => this.readEdge(route, step));
  }

  /** Was anything ever seen of this edge? */
  knows(route: Route, step: Step): boolean {
    return this.states.has(this.edge(route, step).key);
  }

  snapshot(): ProofsSnapshot {
    return Object.fromEntries(this.states);
  }

  restore(snapshot: ProofsSnapshot): void {
    for (const [key, state] of Object.entries(snapshot)) this.states.set(key, state);
  }

  private readEdge(route: Route, step: Step): EdgeReading {
    const now = this.clock.now();
    const { key, name, contract } = this.edge(route, step);
    const state = this.states.get(key);
    const { hashMatches, lastSuccess, ...proof } = rule.read(
      state?.exercised ?? rule.start(contract),
      now,
      contract,
    );
    const lastExercise = state?.exercised.lastExercise;
    const exercised = {
      ...proof,
      share: route.config.exercise.share,
      ...(lastSuccess !== undefined && { lastSuccess }),
      ...(lastExercise !== undefined && { lastExercise }),
    };
    const probed = {
      ...readShown(state?.probed, now, contract),
      checks: state?.probed?.contract === contract ? state.probed.checks : [],
    };
    const carried = state?.load?.contract === contract ? state.load.perSecond : undefined;
    const load = {
      ...readShown(state?.load, now, contract),
      ...(carried !== undefined && { perSecond: carried }),
    };
    const required = route.config.tiers.find((t) => t.name === name.tier)?.minProof;
    const stands = standsAt(required, { probed, exercised, load });
    return {
      ...name,
      ...(required !== undefined && { required }),
      state: stands,
      ready: required === undefined || stands === 'PROVEN',
      hashMatches,
      ...(lastSuccess !== undefined && { lastSuccess }),
      probed,
      exercised,
      load,
      reports: [],
    };
  }

  private edge(route: Route, step: Step): Edge {
    const known = this.edges.get(step);
    if (known) return known;
    const edge = edgeOf(route, step);
    this.edges.set(step, edge);
    return edge;
  }
}

/** Is this exchange one that is never exercised? */
function spared({ config }: Route, { who, facets }: Walk, lane: Lane): boolean {
  const { features, lanes, tools } = config.exercise.exclude;
  return (
    lanes.includes(lane) ||
    (tools && facets.tools > 0) ||
    (who.feature !== undefined && features.includes(who.feature))
  );
}
