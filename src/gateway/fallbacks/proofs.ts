import type { Attempt, Clock, Lane, Route } from '#contracts';
import { isGood } from '#contracts';
import { edgeProof, PICK_START, type PickState, parity, pick } from '#kernel/tiers';
import type { Step } from '../plan.ts';
import type { Try, TryEnd, Walk } from '../walk.ts';
import { answered, type DemandState, isSlow, newDemand, saw } from './demand.ts';
import { type Edge, edgeOf } from './edges.ts';
import { keepsShape } from './parity.ts';
import { type Carries, type EdgeReading, type EdgeState, readEdge, SHAPE, SLOW } from './reading.ts';

/** Plain data: weeks of exercise are not lost with a restart. */
export interface ProofsSnapshot {
  readonly edges: Readonly<Record<string, EdgeState>>;
  readonly routes: Readonly<Record<string, DemandState>>;
}

export interface Ranked {
  readonly sound: readonly Step[];
  readonly all: readonly Step[];
}

const rule = edgeProof();
const shape = parity(SHAPE);
const slowness = parity(SLOW);

/**
 * Which fallbacks are known to work, because they did: every answer of a lower tier counts, and where a route says so a share
 * of its traffic goes there on purpose. A change of what an edge depends on makes it unproven at once.
 */
export class Proofs {
  private readonly clock: Clock;
  private readonly states = new Map<string, EdgeState>();
  private readonly edges = new WeakMap<Step, Edge>();
  private readonly picks = new Map<string, PickState>();
  private readonly demands = new Map<string, DemandState>();
  /** Whether anybody wants to know what a route needs. */
  private readonly watched = new WeakMap<Route, boolean>();
  /** Edges that broke, so that most routes need not look. */
  private readonly broken = new Set<string>();
  private readonly ranks = new WeakMap<readonly Step[], Ranked & { readonly at: number }>();
  private changes = 0;

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

  /** The plan without fallbacks that are known to be broken, and those behind it, for when nothing else is left. */
  ranked(route: Route, steps: readonly Step[]): Ranked {
    if (this.broken.size === 0) return { sound: steps, all: steps };
    const known = this.ranks.get(steps);
    if (known?.at === this.changes) return known;
    const last = steps.filter((step) => step.tier !== steps[0]?.tier && this.isBroken(route, step));
    const sound = last.length === 0 ? steps : steps.filter((step) => !last.includes(step));
    const ranked = { at: this.changes, sound, all: last.length === 0 ? steps : [...sound, ...last] };
    this.ranks.set(steps, ranked);
    return ranked;
  }

  /** Tells the end of a try; those of the first tier prove nothing, but show what a fallback must be able to do. */
  ended(route: Route, one: Try, end: TryEnd, walk: Walk, row: Attempt): void {
    const first = one.tier === route.tiers[0];
    if (first && !this.watches(route)) return;
    const { outcome, failure, reading } = end;
    const now = this.clock.now();
    const demand = this.demandOf(route.name);
    const { usage, timing } = row;
    const tokensIn = usage.input + usage.cacheRead + usage.cacheWrite + usage.cacheWriteLong;
    const seen = { ...timing, tokens: usage.output + usage.reasoning };
    if (one.number === 1) saw(demand, now, tokensIn, seen.tokens, walk.facets);
    if (first) {
      if (isGood(outcome)) answered(demand, seen);
      return;
    }
    // A caller who leaves has not shown that the edge is broken.
    if (outcome === 'cancelled') return;
    const { key, contract } = this.edge(route, one.step);
    const before = this.states.get(key);
    const state =
      before?.exercised.contract === contract
        ? before
        : { ...before, exercised: rule.start(contract), broke: undefined };
    const answer = walk.source === 'exercise' ? reading?.message() : undefined;
    const kept = answer && keepsShape(walk.body as Uint8Array, answer);
    const slow = isGood(outcome) && isSlow(demand, route.config.exercise.slow, seen);
    const good = isGood(outcome) && kept !== false && !slow;
    const exercised = rule.step(
      state.exercised,
      {
        at: now,
        contract,
        good,
        reason: failure
          ? `${failure.kind}: ${failure.hint}`.slice(0, 200)
          : kept === false
            ? 'the answer breaks the schema that its ask declares'
            : slow
              ? `slow: ${Math.round(timing.total)} ms`
              : outcome,
      },
      contract,
    );
    this.keep(key, {
      ...state,
      exercised,
      broke: {
        shape:
          kept === undefined
            ? (state.broke?.shape ?? shape.start)
            : shape.step(state.broke?.shape ?? shape.start, !kept),
        slow: isGood(outcome)
          ? slowness.step(state.broke?.slow ?? slowness.start, slow)
          : (state.broke?.slow ?? slowness.start),
        overflow:
          failure?.kind === 'context_overflow'
            ? Math.min(state.broke?.overflow ?? Number.POSITIVE_INFINITY, tokensIn || walk.facets.bytes / 4)
            : state.broke?.overflow,
      },
    });
  }

  /** Puts what a drill has shown beside what was exercised. */
  shown(route: Route, step: Step, found: Pick<EdgeState, 'probed' | 'load' | 'limits'>): void {
    const { key, contract } = this.edge(route, step);
    this.keep(key, { ...(this.states.get(key) ?? { exercised: rule.start(contract) }), ...found });
  }

  contractOf(route: Route, step: Step): string {
    return this.edge(route, step).contract;
  }

  /** What its provider says that it allows a minute, by axis. */
  limitsOf(route: Route, step: Step): Readonly<Record<string, number>> {
    return this.states.get(this.edge(route, step).key)?.limits ?? {};
  }

  /** What this edge has been seen to carry; undefined while nothing was shown. */
  carries(route: Route, step: Step): Carries | undefined {
    const { key, contract } = this.edge(route, step);
    const load = this.states.get(key)?.load;
    return load?.contract === contract ? load : undefined;
  }

  demandOf(route: string): DemandState {
    const known = this.demands.get(route);
    if (known) return known;
    const fresh = newDemand();
    this.demands.set(route, fresh);
    return fresh;
  }

  /** Every edge of a plan, exercised or not. */
  read(route: Route, steps: readonly Step[]): readonly EdgeReading[] {
    return steps
      .filter(({ tier }) => tier !== route.tiers[0])
      .map((step) => {
        const edge = this.edge(route, step);
        return readEdge({
          route,
          step,
          edge,
          state: this.states.get(edge.key),
          demand: this.demands.get(route.name),
          now: this.clock.now(),
        });
      });
  }

  /** Was anything ever seen of this edge? */
  knows(route: Route, step: Step): boolean {
    return this.states.has(this.edge(route, step).key);
  }

  snapshot(): ProofsSnapshot {
    return { edges: Object.fromEntries(this.states), routes: Object.fromEntries(this.demands) };
  }

  restore({ edges = {}, routes = {} }: Partial<ProofsSnapshot>): void {
    for (const [key, state] of Object.entries(edges)) this.keep(key, state);
    for (const [name, demand] of Object.entries(routes)) this.demands.set(name, demand);
  }

  private keep(key: string, state: EdgeState): void {
    this.states.set(key, state);
    const broke = state.exercised.brokenAt !== undefined;
    if (!broke && !this.broken.has(key)) return;
    if (broke) this.broken.add(key);
    else this.broken.delete(key);
    this.changes++;
  }

  private isBroken(route: Route, step: Step): boolean {
    const { key, contract } = this.edge(route, step);
    const state = this.broken.has(key) ? this.states.get(key) : undefined;
    return state !== undefined && rule.read(state.exercised, this.clock.now(), contract).state === 'BROKEN';
  }

  private watches(route: Route): boolean {
    let watched = this.watched.get(route);
    if (watched === undefined) {
      const { exercise, tiers } = route.config;
      watched = exercise.share > 0 || tiers.some(({ minProof }) => minProof !== undefined);
      this.watched.set(route, watched);
    }
    return watched;
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
