import {
  type Finished,
  type MonotonicMs,
  type Outgoing,
  type Reading,
  type Route,
  SHADOW_GUARD,
  type ShadowDrop,
  type Shadower,
  type ShadowTraffic,
  type Target,
  type Tier,
} from '#contracts';
import { createShareBudgetState } from '#kernel/resilience';
import { acts } from './acting.ts';
import { type AnswerContext, failed, stream, whole } from './answer.ts';
import type { AskContext } from './ask.ts';
import { compare } from './compare.ts';
import { type DispatchContext, dispatch } from './dispatch.ts';
import { Proofs } from './fallbacks/proofs.ts';
import type { Step } from './plan.ts';
import type { Errand } from './prepare.ts';
import { type Ending, finish } from './record.ts';
import { servedBy, stopWalk, type Try, type Walk } from './walk.ts';

export interface ShadowContext extends Omit<AskContext, 'close' | 'streams' | 'retries'> {
  readonly shadowers: readonly Shadower[];
  /** Threads share the bounds of a route's copies by dealing them out. */
  readonly thread: { readonly number: number; readonly of: number };
  /** Writes a record that nobody was served. */
  record(finished: Finished): void;
}

/** Of routes whose copies somebody else asks for than their configuration. */
const BOUNDS = { maxPerSecond: 1, concurrency: 4, compare: 'texts' } as const;
/** Of copies that exercise a fallback: their share of the traffic is their bound. */
const EXERCISE = { maxPerSecond: 1_000, concurrency: 64, compare: 'facts' } as const;

interface Copy {
  readonly by: string;
  readonly shadower?: Shadower;
  /** The fallback that it exercises. */
  readonly exercises?: Step;
  readonly original: Walk;
  readonly served: Finished;
  readonly reading: Reading | undefined;
}

/** What one route's copies have come to, and the bucket of their rate. */
interface Tally {
  asked: number;
  underWay: number;
  tokens: number;
  filledAt: MonotonicMs;
  readonly dropped: Partial<Record<ShadowDrop, number>>;
}

/**
 * Asks a second target what was asked before, when the caller has his answer. A copy goes the way of every exchange, from the
 * plan to the record, with nobody at its end: so it is translated, billed and judged as the real one was. It is tried once, waits
 * for no quota, takes no part in any budget but the house's own, and is dropped where it would be in the way.
 */
export class Shadows {
  private readonly ctx: ShadowContext;
  private readonly own: AnswerContext & DispatchContext;
  private readonly tallies = new Map<string, Tally>();
  private readonly copies = new Map<Walk, Copy>();
  private readonly routes = new WeakMap<Tier, Route>();
  /** A tier of one target, for a copy that exercises just this one. */
  private readonly tiers = new WeakMap<Target, Tier>();
  private readonly asks: readonly Shadower[];

  constructor(ctx: ShadowContext) {
    this.ctx = ctx;
    this.asks = [...ctx.shadowers, this.byConfig()];
    // What a copy does is no request that earns retries, and proves a fallback only where it was made for that.
    this.own = {
      ...ctx,
      proofs: new Proofs(ctx.clock),
      retries: () => createShareBudgetState(),
      streams: () => undefined,
      close: (walk, ending) => this.closed(walk, ending),
    };
  }

  /** May this route have copies at all? A frozen one has none. */
  wanted(route: Route): boolean {
    if (route.frozen !== undefined) return false;
    const { share, shadow } = route.config.exercise;
    if (route.shadow !== undefined || (shadow && share > 0)) return true;
    for (const { minds } of this.ctx.shadowers) if (!minds || minds(route.name)) return true;
    return false;
  }

  /** Told when an exchange is over, before its last bytes are sent: whatever follows, follows later. */
  ended(walk: Walk, served: Finished, reading: Reading | undefined): void {
    const { facts } = served;
    const { route } = walk;
    if (!route || facts.source !== 'gateway' || facts.attempts.length === 0) return;
    if (facts.outcome === 'cancelled') return;
    const { rehearses } = walk;
    if (rehearses) {
      const copy = { by: 'exercise', exercises: rehearses, original: walk, served, reading };
      this.ctx.clock.after(0, () => this.ask(route, this.tierOf(rehearses), copy));
      return;
    }
    const question = { route, facts };
    for (const shadower of this.asks) {
      const order = shadower.shadow(question);
      if (!order) continue;
      const copy = { by: order.by, shadower, original: walk, served, reading };
      this.ctx.clock.after(0, () => this.ask(route, order.tier, copy));
      return;
    }
  }

  read(): readonly ShadowTraffic[] {
    return [...this.tallies].map(([route, { asked, underWay, dropped }]) => ({
      route,
      asked,
      underWay,
      dropped: { ...dropped },
    }));
  }

  /** Nobody waits for these: they end at once. */
  stop(): void {
    for (const walk of this.copies.keys()) stopWalk(walk, 'shutting_down');
  }

  private byConfig(): Shadower {
    return {
      shadow: ({ route }) =>
        route.shadow && this.ctx.clock.random() < (route.config.shadow?.share ?? 0)
          ? { tier: route.shadow, by: 'route' }
          : undefined,
    };
  }

  private ask(route: Route, tier: Tier, copy: Copy): void {
    const { ctx } = this;
    const tally = this.tallyOf(route.name);
    const drop = (why: ShadowDrop) => {
      tally.dropped[why] = (tally.dropped[why] ?? 0) + 1;
    };
    const lone = this.routeOf(route, tier);
    const step = ctx.plan(lone, copy.original.protocol)[0];
    // An answer compared with one of the same model says nothing of the model.
    if (step && !copy.exercises && servedIt(copy.original, step)) return;
    const hindered = this.hindered(route, tally, step, copy);
    if (hindered) {
      drop(hindered);
      return;
    }
    const walk = this.walkOf(copy.original, lone);
    this.copies.set(walk, copy);
    tally.underWay++;
    this.carry(walk, step as Step, copy.original.errand as Errand)
      .then((why) => (why ? drop(why) : tally.asked++))
      .catch((error: unknown) => {
        walk.flight?.abandon();
        ctx.log('error', 'shadow failed inside', { exchange: walk.id, error: String(error) });
      })
      .finally(() => {
        tally.underWay--;
        this.copies.delete(walk);
      });
  }

  private hindered(
    route: Route,
    tally: Tally,
    step: Step | undefined,
    { original, exercises }: Copy,
  ): ShadowDrop | undefined {
    const { draining, standing, thread } = this.ctx;
    if (draining()) return 'away';
    if (!step || !original.errand) return 'unsayable';
    if (acts(original.body)) return 'acts';
    const { concurrency, maxPerSecond } = exercises ? EXERCISE : (route.config.shadow ?? BOUNDS);
    const places = Math.floor(concurrency / thread.of) + (thread.number <= concurrency % thread.of ? 1 : 0);
    if (tally.underWay >= places) return 'busy';
    if (standing.closedFor(step, original.facets) > 0) return 'closed';
    // Exercises alone find a broken fallback well again, so no circuit keeps them away.
    if (!exercises && standing.ejected(step, original.facets)) return 'closed';
    return this.take(tally, maxPerSecond / thread.of) ? undefined : 'rate';
  }

  /** Resolves when the copy is answered and recorded; with a reason when nobody was asked. */
  private async carry(walk: Walk, step: Step, { said, query, ask }: Errand): Promise<ShadowDrop | undefined> {
    const { ctx, own } = this;
    const { 'idempotency-key': _, ...forward } = said.forward;
    const errand: Errand = {
      // Under the caller's own key a provider would give the first answer again.
      said: { ...said, forward, calls: new Map() },
      query,
      ask,
      deadline: walk.start + (walk.route as Route).config.timeouts.total,
      lane: 'batch',
      own: 'shadow',
    };
    const { one, landing, flight } = await dispatch(own, errand, walk, [step]);
    const landed = ctx.clock.monotonic();
    if (walk.made.length === 0) return walk.stopped ? 'away' : dropOf(landing);
    if (flight) walk.flight = flight;
    const over = Promise.withResolvers<undefined>();
    const copy = this.copies.get(walk) as Copy;
    this.over.set(copy, over.resolve);
    if (landing.kind === 'streaming') stream(own, walk, one as Try, landing, landed);
    else if (landing.kind === 'whole') whole(own, walk, one as Try, landing, landed);
    else failed(own, walk, landing, landed);
    return over.promise;
  }

  private readonly over = new WeakMap<Copy, (value: undefined) => void>();

  private closed(walk: Walk, ending: Ending): void {
    const finished = finish(walk, ending, this.ctx.clock.monotonic());
    const copy = this.copies.get(walk) as Copy;
    const { facts } = finished;
    const pair = walk.stopped ? undefined : this.pairOf(copy, finished, ending, walk);
    const evidence = pair && JSON.stringify(pair);
    const verdict = { guard: SHADOW_GUARD, version: 1, decision: 'pass' as const };
    this.ctx.record({
      ...finished,
      facts: evidence ? { ...facts, verdicts: [...facts.verdicts, { ...verdict, evidence }] } : facts,
    });
    for (const one of walk.made) one.seat?.leave();
    if (pair) copy.shadower?.paired?.(pair);
    if (copy.exercises) this.prove(copy, walk, ending);
    this.over.get(copy)?.(undefined);
  }

  /** What the copy showed counts for the edge as if it had been served. */
  private prove({ original }: Copy, walk: Walk, { outcome, failure, reading }: Ending): void {
    const [one] = walk.made;
    const [row] = walk.attempts;
    if (!one || !row) return;
    const end = { outcome, ...(failure && { failure }), ...(reading && { reading }) };
    this.ctx.proofs.ended(original.route as Route, one, end, walk, row);
  }

  private tierOf({ tier, target }: Step): Tier {
    const known = this.tiers.get(target);
    if (known) return known;
    const lone = { name: tier.name, targets: [target] };
    this.tiers.set(target, lone);
    return lone;
  }

  private pairOf(copy: Copy, shadow: Finished, { reading }: Ending, walk: Walk) {
    const { served, original, by } = copy;
    const [first, second] = [servedBy(original), servedBy(walk)];
    if (!first || !second) return undefined;
    return compare(
      walk.protocol,
      { ...served, reading: copy.reading, row: first },
      { ...shadow, reading, row: second },
      { by, comparing: (copy.exercises ? EXERCISE : (original.route?.config.shadow ?? BOUNDS)).compare },
    );
  }

  private walkOf(original: Walk, route: Route): Walk {
    const { clock } = this.ctx;
    return {
      id: this.ctx.nextId(),
      at: clock.now(),
      start: clock.monotonic(),
      protocol: original.protocol,
      outgoing: NOBODY,
      // The house's own money: no tenant, key or user pays for a question that was not theirs.
      who: {},
      place: { parent: original.id },
      declared: original.declared,
      talks: false,
      facets: original.facets,
      body: original.body,
      route,
      attempts: [],
      made: [],
      source: 'shadow',
      spilled: undefined,
      queued: 0,
      own: 0,
    };
  }

  /** The route as a copy sees it: one tier, one try. */
  private routeOf(route: Route, tier: Tier): Route {
    const known = this.routes.get(tier);
    if (known) return known;
    const { shadow: _, ...config } = route.config;
    const lone: Route = {
      name: route.name,
      config: {
        ...config,
        attempts: { perTarget: 1, perExchange: 1 },
        hedge: false,
        buffer: 'none',
        exercise: { ...config.exercise, share: 0 },
        fallbackOn: [],
      },
      tiers: [tier],
    };
    this.routes.set(tier, lone);
    return lone;
  }

  private tallyOf(route: string): Tally {
    const known = this.tallies.get(route);
    if (known) return known;
    const fresh: Tally = {
      asked: 0,
      underWay: 0,
      tokens: Number.POSITIVE_INFINITY,
      filledAt: this.ctx.clock.monotonic(),
      dropped: {},
    };
    this.tallies.set(route, fresh);
    return fresh;
  }

  /** A bucket of one second, at least of one copy. */
  private take(tally: Tally, perSecond: number): boolean {
    const now = this.ctx.clock.monotonic();
    const filled = tally.tokens + ((now - tally.filledAt) / 1_000) * perSecond;
    tally.tokens = Math.min(Math.max(1, perSecond), filled);
    tally.filledAt = now;
    if (tally.tokens < 1) return false;
    tally.tokens--;
    return true;
  }
}

const servedIt = (walk: Walk, { target }: Step): boolean => {
  const row = servedBy(walk);
  return row?.provider === target.provider && row.model === (target.model ?? walk.facets.model);
};

/** Why nobody was asked. */
function dropOf(landing: Awaited<ReturnType<typeof dispatch>>['landing']): ShadowDrop {
  if (landing.kind !== 'failed') return 'unsayable';
  const { kind } = landing.failure;
  return kind === 'rate_limited' || kind === 'over_budget' ? 'limits' : 'unsayable';
}

/** The end of a copy's way: takes everything, keeps nothing. One for all, since nobody ever leaves it. */
const NOBODY: Outgoing = {
  send: () => undefined,
  begin: () => undefined,
  write: () => true,
  end: () => undefined,
  break: () => undefined,
  get onLeft() {
    return undefined;
  },
  set onLeft(_) {},
  get onDrain() {
    return undefined;
  },
  set onDrain(_) {},
};
