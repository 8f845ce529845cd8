import type { AskFacets, Clock, Lane, MonotonicMs } from '#contracts';
import { LANES } from '#contracts';
import {
  type Effort,
  type EffortState,
  effort,
  LIMITER,
  type Limiter,
  type LimiterState,
  limiter,
} from '#kernel/resilience';
import type { Climate } from './climate.ts';
import { encoded } from './encoded.ts';
import { firstTokenOf, ours, signalOf, tookOf } from './fair.ts';
import { type Asker, Lengths } from './lengths.ts';
import type { Step } from './plan.ts';
import type { Try, TryEnd, Walk } from './walk.ts';
import type { Watchdog } from './watchdog.ts';

/** Targets; callers of catch-all routes make model names up. */
const MOST = 1_000;
/** Leaves of the last minute tell how long a queue takes. */
const MEMORY = 60_000;
const SHORTEST_WAIT = 1_000;
/** Said where nobody has left lately, and at most: whoever is told an hour does not come back. */
const LONGEST_WAIT = 60_000;
/** A first token this fast tells nothing of congestion, ms: nobody notices it, and half of it may be the way there. */
const BRISK = 50;
/** Of the length in whose answers most of the work is: what is foretold to be shorter than this is short. */
const SHORT = 0.5;
/** Long enough to remember at night what comes by day, ms. */
const LENGTHS_FADE = 86_400_000;

/** Plain data, by target; who is under way does not outlive the process. */
export type SeatsSnapshot = Readonly<
  Record<string, { readonly limit: LimiterState; readonly stream: EffortState; readonly whole: EffortState }>
>;

/** How full a target is, for a page. */
export interface SeatsReading {
  readonly provider: string;
  readonly model: string;
  readonly limit: number;
  readonly inFlight: number;
  readonly waiting: Readonly<Record<Lane, number>>;
}

/** By what is foretold of the answer; undefined where nothing is, or nobody asks. */
type Length = 'short' | 'long' | undefined;

interface Waiting {
  readonly lane: Lane;
  readonly length: Length;
  give(seat: Seat | undefined): void;
}

/** One model of a provider: streams and whole answers share its capacity, and each have a normal of their own. */
interface Desk {
  readonly name: Pick<SeatsReading, 'provider' | 'model'>;
  settings: Settings;
  rule: Limiter;
  readonly limit: LimiterState;
  readonly stream: EffortState;
  readonly whole: EffortState;
  readonly queues: Readonly<Record<Lane, Waiting[]>>;
  /** Leaves of the last minute, fading; for the wait that is told. */
  left: number;
  leftAt: MonotonicMs;
  /** Σ tokens and Σ tokens² of answers, fading. */
  tokens: number;
  squares: number;
  answeredAt: MonotonicMs;
  /** Calls under way that are foretold to be long. */
  longs: number;
  /** When somebody last asked for a short answer. */
  shortAt: MonotonicMs;
}

type Settings = NonNullable<Step['target']['concurrency']>;

/** A place among the calls under way to a target. Given back once, however often it is tried. */
export class Seat {
  private readonly desk: Desk;
  private readonly seats: Seats;
  private readonly long: boolean;
  private taken = true;

  constructor(seats: Seats, desk: Desk, length: Length) {
    this.seats = seats;
    this.desk = desk;
    this.long = length === 'long';
    if (this.long) desk.longs++;
  }

  /** `end` of the call; absent when none was made. */
  leave(end?: SeatEnd): void {
    if (!this.taken) return;
    this.taken = false;
    if (this.long) this.desk.longs--;
    this.seats.left(this.desk, end);
  }
}

export interface SeatEnd {
  readonly one: Try;
  readonly end: TryEnd;
  readonly walk: Asker;
  /** Input tokens that were not read from a cache, and tokens written. */
  readonly input: number;
  readonly output: number;
}

/** Nobody has a place in time: milliseconds until somebody should. */
export interface Full {
  readonly after: number;
}

/**
 * Who may be under way to a target whose concurrency is limited. The limit follows the capacity of the target by its latency,
 * measured against what an ask of that size should take at this hour: long prompts and the usual morning are no congestion.
 */
export class Seats {
  private readonly clock: Clock;
  private readonly climate: Pick<Climate, 'factor'>;
  private readonly watchdog: Watchdog;
  private readonly efforts: Effort = effort();
  private readonly lengths = new Lengths();
  private readonly desks = new Map<string, Desk>();
  private readonly near = new WeakMap<Step, Map<string, Desk>>();
  private readonly rules = new Map<string, Limiter>();
  private kept: SeatsSnapshot = {};

  constructor(clock: Clock, climate: Pick<Climate, 'factor'>, watchdog: Watchdog) {
    this.clock = clock;
    this.climate = climate;
    this.watchdog = watchdog;
  }

  /** Of a limited target only. Undefined when it is full, or others have waited for it longer. */
  take(step: Step, walk: Asker): Seat | undefined {
    const desk = this.of(step, walk.facets);
    const length = this.lengthOf(desk, walk);
    const first = LANES.every((lane) => !desk.queues[lane].some((one) => this.may(desk, one.length)));
    if (!first || !this.may(desk, length) || !desk.rule.acquire(desk.limit)) return undefined;
    return new Seat(this, desk, length);
  }

  /**
   * Waits for a place until `until`, the more urgent lane first. At once `Full` where the wait would be in vain: longer than
   * until then by the pace of the last minute, or behind a full queue. Undefined when the walk was stopped meanwhile. `latest`: no
   * later than that, though we stood still and could give nobody a place.
   */
  async wait(
    step: Step,
    walk: Walk,
    lane: Lane,
    until: MonotonicMs,
    latest = until,
  ): Promise<Seat | Full | undefined> {
    const desk = this.of(step, walk.facets);
    const { queues, settings } = desk;
    const began = this.clock.monotonic();
    const ahead = LANES.slice(0, LANES.indexOf(lane) + 1).reduce((sum, l) => sum + queues[l].length, 0);
    const expected = this.waitOf(desk, ahead + 1, began);
    const patience = until - began;
    if (patience <= 0 || (expected !== undefined && expected > patience)) return this.full(desk);
    const all = LANES.reduce((sum, l) => sum + queues[l].length, 0);
    if (all >= settings.queue && !this.shed(desk, lane)) return this.full(desk);
    const { promise, resolve } = Promise.withResolvers<Seat | undefined>();
    const one: Waiting = { lane, length: this.lengthOf(desk, walk), give: resolve };
    queues[lane].push(one);
    const leave = () => {
      const at = queues[lane].indexOf(one);
      if (at >= 0) queues[lane].splice(at, 1);
      resolve(undefined);
    };
    // The watchdog's, and no timer: the seats of calls that ended while we stood still are free as soon as that is read.
    const dog = this.watchdog.watch(leave);
    dog.expect('timeout_headers', until, latest);
    walk.wake = leave;
    const seat = await promise;
    dog.stop();
    walk.wake = undefined;
    walk.queued += this.clock.monotonic() - began;
    if (walk.stopped) {
      seat?.leave();
      return undefined;
    }
    return seat ?? this.full(desk);
  }

  /** To be told by a seat alone. */
  left(desk: Desk, end: SeatEnd | undefined): void {
    const now = this.clock.monotonic();
    if (end) {
      desk.left = this.leftLately(desk, now) + 1;
      desk.leftAt = now;
    }
    desk.rule.release(desk.limit, { now: this.clock.now(), ...(end && this.told(desk, end)) });
    for (;;) {
      const next = this.next(desk);
      if (next === undefined || !desk.rule.acquire(desk.limit)) return;
      desk.queues[next.lane].splice(desk.queues[next.lane].indexOf(next), 1);
      next.give(new Seat(this, desk, next.length));
    }
  }

  private next(desk: Desk): Waiting | undefined {
    for (const lane of LANES) {
      const one = desk.queues[lane].find(({ length }) => this.may(desk, length));
      if (one) return one;
    }
    return undefined;
  }

  private lengthOf(desk: Desk, walk: Asker): Length {
    if (desk.settings.short === undefined) return undefined;
    const expected = this.lengths.expected(walk);
    if (expected === undefined) return undefined;
    // The mean by work, Σx²/Σx: by number a crowd of labels would make a label an ordinary answer.
    if (expected > (SHORT * desk.squares) / desk.tokens) return 'long';
    desk.shortAt = this.clock.monotonic();
    return 'short';
  }

  /** While short answers are asked for, the long ones leave them their share of the places: one of a minute holds up hundreds. */
  private may({ settings, longs, limit, shortAt }: Desk, length: Length): boolean {
    if (length !== 'long' || this.clock.monotonic() - shortAt > MEMORY) return true;
    return longs < Math.max(1, Math.floor((1 - (settings.short as number)) * limit.limit));
  }

  read(): readonly SeatsReading[] {
    return [...this.desks.values()].map(({ name, limit, queues }) => ({
      ...name,
      limit: Math.floor(limit.limit),
      inFlight: limit.inFlight,
      waiting: {
        interactive: queues.interactive.length,
        normal: queues.normal.length,
        batch: queues.batch.length,
      },
    }));
  }

  snapshot(): SeatsSnapshot {
    const now = Object.fromEntries(
      [...this.desks].map(([name, desk]) => [
        name,
        { limit: desk.limit, stream: desk.stream, whole: desk.whole },
      ]),
    );
    // Those that nobody has asked for since the start are kept as they were.
    return { ...this.kept, ...now };
  }

  /** Before the first exchange. */
  restore(snapshot: SeatsSnapshot): void {
    this.kept = snapshot;
  }

  /** What the end of a call says about congestion. */
  private told(
    desk: Desk,
    { one, end, walk, input, output }: SeatEnd,
  ): { latency?: number; dropped?: boolean } {
    const { failure } = end;
    const ask = walk.facets;
    // It was too slow to win, by a time that nobody knows: what it had taken when it was given up is the least.
    const lost = failure?.kind === 'hedge_lost';
    const good = signalOf(one, end) === 'good';
    if (good && desk.settings.short !== undefined && output > 0) {
      this.lengths.saw(walk, output);
      const now = this.clock.monotonic();
      const fade = Math.exp((desk.answeredAt - now) / LENGTHS_FADE);
      desk.tokens = fade * desk.tokens + output;
      desk.squares = fade * desk.squares + output * output;
      desk.answeredAt = now;
    }
    if (!good && !lost) return failure && !ours(one, end) && FULL.has(failure.kind) ? { dropped: true } : {};
    const seen =
      lost && one.firstToken === undefined
        ? tookOf(this.clock.monotonic() - one.start, one)
        : firstTokenOf(one);
    if (seen === undefined || one.replayed || !desk.settings.adaptive) return {};
    const took = Math.max(BRISK, seen);
    // The first token of a stream waits for the reading of the ask, a whole answer for the writing of itself.
    const size = ask.stream ? input : output;
    const own = ask.stream ? desk.stream : desk.whole;
    const expected = this.efforts.expect(own, size);
    if (good) this.efforts.observe(own, this.clock.now(), size, took);
    if (expected === undefined) return {};
    const usual = ask.stream ? this.climate.factor(one.step, one.model, ask) : 1;
    return { latency: took / (expected * usual) };
  }

  private full(desk: Desk): Full {
    const all = LANES.reduce((sum, l) => sum + desk.queues[l].length, 0);
    const wait = this.waitOf(desk, all + 1, this.clock.monotonic()) ?? LONGEST_WAIT;
    return { after: Math.min(LONGEST_WAIT, Math.max(SHORTEST_WAIT, wait)) };
  }

  /** Milliseconds until so many have left, at the pace of the last minute; undefined while nobody has. */
  private waitOf(desk: Desk, many: number, now: MonotonicMs): number | undefined {
    const lately = this.leftLately(desk, now);
    return lately < 1 ? undefined : (many * MEMORY) / lately;
  }

  private leftLately({ left, leftAt }: Desk, now: MonotonicMs): number {
    return left * Math.exp((leftAt - now) / MEMORY);
  }

  /** Makes room in a full queue at the cost of the last of the least urgent lane below this one. */
  private shed({ queues }: Desk, lane: Lane): boolean {
    for (let i = LANES.length - 1; i > LANES.indexOf(lane); i--) {
      const last = queues[LANES[i] as Lane].pop();
      if (!last) continue;
      last.give(undefined);
      return true;
    }
    return false;
  }

  private of(step: Step, ask: AskFacets): Desk {
    let models = this.near.get(step);
    if (!models) {
      models = new Map();
      this.near.set(step, models);
    }
    const model = step.target.model ?? ask.model;
    const known = models.get(model);
    if (known) return known;
    if (models.size >= MOST) models.clear();
    const desk = this.byName({ provider: step.target.provider, model }, step.target.concurrency as Settings);
    models.set(model, desk);
    return desk;
  }

  private byName(name: Desk['name'], settings: Settings): Desk {
    const key = [name.provider, name.model].map(encoded).join('/');
    const rule = this.ruleOf(settings);
    const known = this.desks.get(key);
    if (known) {
      // A reload may have brought other limits.
      known.settings = settings;
      known.rule = rule;
      known.limit.limit = Math.min(known.limit.limit, settings.max);
      if (!settings.adaptive) known.limit.limit = settings.max;
      return known;
    }
    const kept = this.kept[key];
    const fresh: Desk = {
      name,
      settings,
      rule,
      limit: kept
        ? rule.revive({ ...kept.limit, limit: Math.min(kept.limit.limit, settings.max) })
        : rule.create(),
      stream: kept?.stream ?? this.efforts.create(),
      whole: kept?.whole ?? this.efforts.create(),
      queues: { interactive: [], normal: [], batch: [] },
      left: 0,
      leftAt: 0,
      tokens: 0,
      squares: 0,
      answeredAt: 0,
      longs: 0,
      shortAt: Number.NEGATIVE_INFINITY,
    };
    this.desks.set(key, fresh);
    return fresh;
  }

  private ruleOf({ adaptive, max }: Settings): Limiter {
    const name = `${adaptive} ${max}`;
    const known = this.rules.get(name);
    if (known) return known;
    // A fixed limit is one whose bounds meet.
    const made = limiter({ ...LIMITER, initial: max, max, min: adaptive ? Math.min(LIMITER.min, max) : max });
    this.rules.set(name, made);
    return made;
  }
}

/** Refused for want of capacity, or not heard of in time. */
const FULL: ReadonlySet<string> = new Set([
  'rate_limited',
  'overloaded',
  'timeout_connect',
  'timeout_headers',
  'timeout_first_token',
]);
