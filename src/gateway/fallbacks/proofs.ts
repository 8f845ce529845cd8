import type { Attempt, Clock, EpochMs, Lane, ProofState, Route } from '#contracts';
import { edgeProof, PICK_START, type PickState, pick } from '#kernel/tiers';
import { acts } from '../acting.ts';
import type { Step } from '../plan.ts';
import type { Try, TryEnd, Walk } from '../walk.ts';
import { Abroad } from './abroad.ts';
import { withAsker } from './asker.ts';
import {
  answeredBy,
  type DemandState,
  joined,
  judged,
  judges,
  newDemand,
  offers,
  saw,
  usualWith,
} from './demand.ts';
import { type Edge, edgeOf } from './edges.ts';
import { type Carries, type EdgeReading, type EdgeState, readEdge } from './reading.ts';
import { afterShown, afterSighting, fuller, type Shown, type Sighting, sightingOf } from './sighting.ts';

/** Plain data: weeks of exercise are not lost with a restart. */
export interface ProofsSnapshot {
  readonly edges: Readonly<Record<string, EdgeState>>;
  readonly routes: Readonly<Record<string, DemandState>>;
}

export interface Ranked {
  readonly sound: readonly Step[];
  readonly all: readonly Step[];
}

/** Contract of an edge as it is configured now, by its key; undefined where nobody knows. */
export type InForce = (key: string) => string | undefined;

/** Better ones first; tiers in their order among those of one kind. */
export const PROVEN = 0;
export const STALE = 1;
export const UNPROVEN = 2;
export type Reliance = typeof PROVEN | typeof STALE | typeof UNPROVEN;

export interface Standing {
  readonly state: ProofState;
  /** Has it what its tier asks for? */
  readonly ready: boolean;
}

const rule = edgeProof();
const LOOK_MS = 1_000;

/**
 * Which fallbacks are known to work, because they did: every answer of a lower tier counts, and where a route says so a share
 * of its traffic goes there on purpose. A change of what an edge depends on makes it unproven at once.
 */
export class Proofs {
  private readonly clock: Clock;
  private readonly states = new Map<string, EdgeState>();
  private readonly edges = new WeakMap<Step, Edge>();
  private readonly picks = new Map<string, PickState>();
  /** Edges that were due when another was exercised. */
  private readonly owed = new Set<string>();
  private readonly demands = new Map<string, DemandState>();
  /** Whether anybody wants to know what a route needs. */
  private readonly watched = new WeakMap<Route, boolean>();
  /** Edges that broke, so that most routes need not look. */
  private readonly broken = new Set<string>();
  private readonly ranks = new WeakMap<readonly Step[], Ranked & { readonly at: number }>();
  private changes = 0;
  private readonly standings = new WeakMap<
    Step,
    Standing & { readonly at: EpochMs; readonly changes: number }
  >();
  /** Undefined while nobody asks. */
  private untold: Sighting[] | undefined;
  private abroad: Abroad | undefined;
  private readonly inForce: InForce;
  private readonly version: string | undefined;
  /** Exercises whose ask was rejected, until the first tier has said what it makes of the same ask. */
  private readonly doubted = new WeakMap<Walk, Sighting>();
  /** When it was last looked at who asks a route. */
  private readonly looked = new Map<string, EpochMs>();

  /** `version`: of Midwatch. */
  constructor(
    clock: Clock,
    {
      inForce = () => undefined,
      version,
    }: { readonly inForce?: InForce; readonly version?: string | undefined } = {},
  ) {
    this.clock = clock;
    this.inForce = inForce;
    this.version = version;
  }

  /** Place in the plan of the edge that this exchange is to exercise; undefined for most, which go the usual way. */
  exercise(route: Route, steps: readonly Step[], walk: Walk, lane: Lane): number | undefined {
    const { share } = route.config.exercise;
    if (share === 0 || spared(route, walk, lane)) return undefined;
    let due: number | undefined;
    for (let at = 1; at < steps.length; at++) {
      const step = steps[at] as Step;
      if (step.tier === steps[0]?.tier) continue;
      const { key } = this.edge(route, step);
      const { state, exercise } = pick(this.picks.get(key) ?? PICK_START, share, this.clock.random());
      this.picks.set(key, state);
      // Two edges may be due at once: the second has the next exchange, and so each keeps its whole share.
      if (exercise) this.owed.add(key);
      if (due === undefined && this.owed.delete(key)) due = at;
    }
    // Where the fallback fails the first tier is asked as well, and would act a second time: the next exchange is exercised instead.
    if (due === undefined || !acts(walk.body)) return due;
    this.owed.add(this.edge(route, steps[due] as Step).key);
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

  /** Whether a step may be asked where that is a choice; one of the first tier always. A broken fallback is for who has nobody else. */
  trusts(route: Route, step: Step): boolean {
    return this.broken.size === 0 || step.tier === route.tiers[0] || !this.isBroken(route, step);
  }

  /**
   * How far a step may be relied on where nobody needs it: to make room, to save time. Undefined where it may not: it is broken,
   * or lacks the proof that its tier must have.
   */
  relies(route: Route, step: Step): Reliance | undefined {
    if (step.tier === route.tiers[0]) return PROVEN;
    if (!this.trusts(route, step)) return undefined;
    const { state, ready } = this.standing(route, step);
    if (!ready) return undefined;
    return state === 'PROVEN' ? PROVEN : state === 'STALE' ? STALE : UNPROVEN;
  }

  /** Its proof as of the last second: of the required one, or of the best where none is. */
  standing(route: Route, step: Step): Standing {
    const now = this.clock.now();
    const known = this.standings.get(step);
    if (known && known.changes === this.changes && now - known.at < LOOK_MS) return known;
    const edge = this.edge(route, step);
    const state = this.states.get(edge.key);
    const read = readEdge({ route, step, edge, state, demand: this.demands.get(route.name), now });
    const fresh = { at: now, changes: this.changes, state: read.state, ready: read.ready };
    this.standings.set(step, fresh);
    return fresh;
  }

  /** Tells the end of a try. */
  ended(route: Route, one: Try, end: TryEnd, walk: Walk, row: Attempt): void {
    if (one.tier === route.tiers[0] && !this.watches(route)) return;
    const demand = this.demandOf(route.name);
    const edge = () => this.edge(route, one.step);
    const sighting = sightingOf({
      at: this.clock.now(),
      route,
      one,
      end,
      walk,
      row,
      demand,
      edge,
      judges: () => route.config.exercise.share > 0 && judges(demand, this.clock.random()),
      looks: () => this.looks(route.name),
    });
    if (sighting.edge && this.doubts(one, end, walk)) {
      this.doubted.set(walk, sighting);
      if (sighting.asked) this.found({ at: sighting.at, route: route.name, asked: sighting.asked });
      return;
    }
    this.found(sighting);
    if (walk.source === 'exercise' && sighting.answered) this.convict(walk);
  }

  /**
   * A rejected ask may be the caller's mistake: three of these in a row would break every fallback that takes the same dialect. In an
   * exercise the first tier says whose it is; otherwise nobody does, and only what we have written ourselves is held against it.
   */
  private doubts({ translated }: Try, { failure }: TryEnd, { source }: Walk): boolean {
    if (failure?.kind !== 'provider_rejected' || (failure.status !== 400 && failure.status !== 422))
      return false;
    return source === 'exercise' || (source === 'gateway' && translated === undefined);
  }

  /** The first tier has answered what the exercised fallback rejected. */
  private convict(walk: Walk): void {
    const { edge, at, route } = this.doubted.get(walk) ?? {};
    this.doubted.delete(walk);
    if (edge && at !== undefined && route !== undefined) this.found({ at, route, edge });
  }

  /** Puts what a drill has shown beside what was exercised. */
  shown(route: Route, step: Step, found: Shown): void {
    const { key, contract } = this.edge(route, step);
    this.found({ at: this.clock.now(), route: route.name, shown: { key, contract, found } });
  }

  /** For the other gateways of the house: what was seen since the last call, from the first one on. */
  news(): readonly Sighting[] {
    const since = this.untold ?? [];
    this.untold = [];
    return since;
  }

  /** What another gateway of the house has seen counts as if it had been seen here. */
  hear(news: readonly Sighting[]): void {
    for (const sighting of news) {
      this.see(sighting);
      this.abroad?.take(sighting);
    }
  }

  /** For gateways elsewhere: what this house has seen since the last call, from the first one on. */
  tellAbroad(): readonly Sighting[] {
    this.abroad ??= new Abroad();
    return this.abroad.told(this.clock.now());
  }

  /** What a gateway elsewhere has seen of a fallback that is the same here counts as if it had been seen here. */
  learn(news: readonly Sighting[]): void {
    for (const sighting of news) {
      const { edge, shown, known } = sighting;
      if (known) this.know(known.key, known.state);
      const about = edge ?? shown;
      if (!about || this.inForce(about.key) === about.contract) this.see(sighting);
    }
  }

  /** Goes on where a gateway elsewhere stands, where it has seen more. */
  adopt({ edges = {}, routes = {} }: Partial<ProofsSnapshot>): void {
    for (const [key, state] of Object.entries(edges)) this.know(key, state);
    for (const [name, theirs] of Object.entries(routes)) {
      const own = this.demands.get(name);
      if (!own || own.seen <= theirs.seen) this.demands.set(name, { ...newDemand(), ...theirs });
    }
  }

  /** All that is known of each edge, for gateways elsewhere that may have missed some of it. */
  known(): readonly Sighting[] {
    const at = this.clock.now();
    return [...this.states]
      .filter(([key, { exercised }]) => this.inForce(key) === exercised.contract)
      .map(([key, state]) => ({ at, route: '', known: { key, state } }));
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
    // What an earlier version has left behind knows less.
    for (const [name, demand] of Object.entries(routes))
      this.demands.set(name, { ...newDemand(), ...demand });
  }

  private found(sighting: Sighting): void {
    this.see(sighting);
    this.untold?.push(sighting);
    this.abroad?.take(sighting);
  }

  private see(sighting: Sighting): void {
    const { at, route, asked, answered: well, judged: breaks, asker, elsewhere, edge, shown } = sighting;
    if (asked) saw(this.demandOf(route), at, asked.tokensIn, asked.tokensOut, asked.facets);
    if (well) {
      const demand = this.demandOf(route);
      answeredBy(demand, well.first);
      demand.usual = usualWith(demand.usual, well);
      offers(demand, well);
    }
    if (breaks) judged(this.demandOf(route), breaks);
    if (asker !== undefined) {
      const demand = this.demandOf(route);
      demand.askers = withAsker(demand.askers ?? {}, asker);
    }
    if (elsewhere) joined(this.demandOf(route), elsewhere);
    if (edge && this.holds(edge)) {
      const before = this.states.get(edge.key);
      this.keep(edge.key, afterSighting(before, at, edge, this.demands.get(route)));
    }
    if (shown && this.holds(shown)) {
      this.keep(shown.key, afterShown(this.states.get(shown.key), shown.contract, shown.found));
      this.changes++;
    }
  }

  private know(key: string, theirs: EdgeState): void {
    if (this.inForce(key) !== theirs.exercised.contract) return;
    const own = this.states.get(key);
    const state = fuller(own, theirs);
    if (state !== own) this.keep(key, state);
  }

  /** An answer that comes in after a reload must not undo what was proven since. */
  private holds({ key, contract }: { readonly key: string; readonly contract: string }): boolean {
    return (this.inForce(key) ?? contract) === contract;
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

  /** Is it time to look again at who asks the route? An ask is parsed for it. */
  private looks(route: string): boolean {
    const now = this.clock.now();
    if (now - (this.looked.get(route) ?? Number.NEGATIVE_INFINITY) < LOOK_MS) return false;
    this.looked.set(route, now);
    return true;
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
    const edge = edgeOf(route, step, this.version);
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
