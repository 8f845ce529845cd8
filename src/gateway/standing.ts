import type { AskFacets, Clock, Failure, Reading } from '#contracts';
import { SEMANTICS, type SteadyClock, sha256, steadyClock } from '#kernel';
import {
  type Candidate,
  createParkState,
  HEALTH,
  type HealthReading,
  type HealthState,
  health,
  healthKey,
  type ParkState,
  park,
  parkedFor,
  parkSucceeded,
  spread,
} from '#kernel/resilience';
import { firstTokenOf, signalOf, tookOf } from './fair.ts';
import { Hearsay, moved, type StandingNews } from './hearsay.ts';
import type { Step } from './plan.ts';
import type { Try, TryEnd } from './walk.ts';

/** How long a key that its provider refused is left alone before one call may look again, milliseconds. */
const KEY_RECHECK = 60_000;
/** Below so many tokens the pace of a stream is noise. */
const PACE_FROM = 20;
/** Targets of catch-all routes are made up by callers; those nobody has asked for lately are forgotten. */
const MOST = 2_000;
/** Targets in a snapshot, some ten kilobytes each. */
const KEPT = 100;

/** What of an ask decides where it may go. */
export type Wanted = Pick<AskFacets, 'model' | 'stream'>;

/** What is known of one target and one model behind it. */
interface Stand {
  readonly park: ParkState;
  key: KeyStand;
  readonly health: HealthState;
  readonly name: TargetName;
}

/** Streams and whole answers stand apart: what is normal for one says nothing about the other. */
interface TargetName {
  readonly provider: string;
  readonly model: string;
  /** Protocol, and whether answers come whole. */
  readonly endpoint: string;
}

/** By model. */
type Near = Map<string, Stand>;

interface KeyStand {
  deadUntil: number;
  /** It is good, and its account has no money left. Known only where that was seen. */
  empty?: boolean;
}

/** Plain data: a restart is no amnesty, and no death sentence either. */
export type StandingSnapshot = Readonly<
  Record<string, { readonly park: ParkState; readonly health: HealthState }>
>;

/** How one target stands, for a page. */
export interface TargetReading extends HealthReading, TargetName {
  /** Milliseconds until it takes ordinary traffic again; 0 when it does. */
  readonly closedFor: number;
  readonly keyRefused: boolean;
}

/**
 * Where every target stands: its health, whether it is parked because it is full, whether its provider refuses the key. Kept by
 * name, so that it outlives a reload of the configuration, and found by target, because that is what the hot path holds.
 */
export class Standing {
  private readonly clock: SteadyClock;
  private readonly random = () => this.clock.random();
  private readonly judge = health(HEALTH);
  private readonly spread = spread(this.judge);
  private readonly near = new WeakMap<Step, { readonly streams: Near; readonly wholes: Near }>();
  private readonly stands = new Map<string, Stand>();
  /** By provider and model: a limit holds for whole answers and streams alike. */
  private readonly parks = new Map<string, ParkState>();
  private readonly keys = new Map<string, KeyStand>();
  private readonly hearsay: Hearsay;

  constructor(clock: Clock) {
    this.clock = steadyClock(clock);
    this.hearsay = new Hearsay(this.clock);
  }

  /**
   * Place in the plan of the target that this exchange is sent to; undefined when none takes ordinary traffic. `weights`: of each
   * against the others of its tier, all alike without them. `relies`: how far a step of a lower tier may be relied on for what
   * the first one sheds, less is better, undefined: not at all; where the first carries nothing the tiers are taken as they stand.
   */
  choose(
    steps: readonly Step[],
    ask: Wanted,
    weights?: readonly number[],
    relies?: (step: Step) => number | undefined,
  ): number | undefined {
    const now = this.clock.now();
    const sheds = relies !== undefined && this.sheds(steps, ask);
    const tiers = new Map<unknown, number>();
    const candidates = steps.map((step, i): Candidate => {
      const { tier } = step;
      const stand = this.of(step, ask);
      if (!tiers.has(tier)) tiers.set(tier, tiers.size);
      const place = tiers.get(tier) as number;
      const reliance = sheds && place > 0 ? relies(step) : 0;
      return {
        health: stand.health,
        tier: place + (reliance ?? 0) * steps.length,
        available: reliance !== undefined && closed(stand, now) === 0,
        ...(weights && { weight: weights[i] as number }),
      };
    });
    return this.spread.choose(candidates, now, () => this.clock.random())?.index;
  }

  /** Does the first tier carry a part of its traffic, and a part not? */
  private sheds(steps: readonly Step[], ask: Wanted): boolean {
    const tier = steps[0]?.tier;
    if (steps.at(-1)?.tier === tier) return false;
    let most = 0;
    for (const step of steps) {
      if (step.tier !== tier) break;
      most = Math.max(most, this.carries(step, ask));
      if (most === 1) return false;
    }
    return most > 0;
  }

  /** Is the first target as well as can be, and no other due for a probe? True on most days for all exchanges. */
  calm(steps: readonly Step[], ask: Wanted): boolean {
    const now = this.clock.now();
    for (let i = 0; i < steps.length; i++) {
      const stand = this.of(steps[i] as Step, ask);
      if (this.judge.probeDue(stand.health, now)) return false;
      if (i === 0 && (closed(stand, now) > 0 || this.judge.share(stand.health, now) < 1)) return false;
      if (i === 1 && steps[0]?.tier === steps[1]?.tier) return false;
    }
    this.judge.asked(this.of(steps[0] as Step, ask).health, now);
    return true;
  }

  /** Milliseconds until ordinary traffic may go there; 0 when it may now. */
  closedFor(step: Step, ask: Wanted): number {
    return closed(this.of(step, ask), this.clock.now());
  }

  /**
   * Which of these take an exchange that failed elsewhere: those neither parked nor ejected. With more than half of the
   * route ejected health is ignored (panic): to try a sick target is no worse than to refuse.
   */
  open(steps: readonly Step[], ask: Wanted): (step: Step) => boolean {
    const now = this.clock.now();
    const stands = new Map(steps.map((step) => [step, this.of(step, ask)]));
    const ejected = [...stands.values()].filter(({ health }) => this.judge.ejected(health)).length;
    const panic = ejected > steps.length / 2;
    return (step) => {
      const stand = stands.get(step);
      return stand !== undefined && closed(stand, now) === 0 && (panic || !this.judge.ejected(stand.health));
    };
  }

  /** Milliseconds in which half of the streams of such a size begin; undefined for whole answers, and while too little is known. */
  usual(step: Step, ask: Wanted, inputTokens: number): number | undefined {
    return ask.stream ? this.judge.usual(this.of(step, ask).health, { inputTokens }) : undefined;
  }

  /**
   * Share of its ordinary traffic that it carries; 0 where it is closed, ejected or only on its way back: what others get of it
   * then is no relief, they are needed.
   */
  carries(step: Step, ask: Wanted): number {
    const { health, park, key } = this.of(step, ask);
    const now = this.clock.now();
    if (health.circuit.phase !== 'closed' || closed({ park, key }, now) > 0) return 0;
    return this.judge.share(health, now);
  }

  /** Does its circuit keep ordinary traffic away? */
  ejected(step: Step, ask: Wanted): boolean {
    return this.judge.ejected(this.of(step, ask).health);
  }

  /** Is it the provider's refusal of the key, for anything or for this model, that closes it, and which? */
  refusesKey(step: Step, ask: Wanted): 'provider_auth' | 'quota_exhausted' | undefined {
    const { key, park: state } = this.of(step, ask);
    const now = this.clock.now();
    if (key.deadUntil > now) return key.empty ? 'quota_exhausted' : 'provider_auth';
    return state.forbidden && parkedFor(state, now) > 0 ? 'provider_auth' : undefined;
  }

  /** Tells the end of a try: of a stream at its end, not at its head. */
  ended(one: Try, end: TryEnd, ask: Wanted, inputTokens: number): void {
    const { failure, reading } = end;
    const stand = this.of(one.step, ask);
    const now = this.clock.now();
    const startedAt = this.clock.at(one.start);
    const signal = signalOf(one, end);
    if (failure) this.condemn(stand, startedAt, failure, now);
    else if (signal === 'good') {
      parkSucceeded(stand.park, startedAt);
      stand.key.deadUntil = 0;
    }
    const pace = paceOf(one, reading, ask.stream, now - startedAt);
    this.judge.observe(stand.health, {
      now,
      startedAt,
      signal,
      inputTokens,
      firstToken: ask.stream ? firstTokenOf(one) : undefined,
      tokensPerSecond: pace,
      random: this.random,
    });
  }

  read(): readonly TargetReading[] {
    const now = this.clock.now();
    return [...this.stands.values()].map((stand) => ({
      ...stand.name,
      ...this.judge.read(stand.health, now),
      closedFor: closed(stand, now),
      keyRefused: stand.key.deadUntil > now,
    }));
  }

  /** Of the targets asked last: names that callers made up once need no memory beyond a restart. */
  snapshot(): StandingSnapshot {
    const latest = [...this.stands]
      .sort(([, a], [, b]) => b.health.askedAt - a.health.askedAt)
      .slice(0, KEPT);
    return Object.fromEntries(latest.map(([key, { park, health }]) => [key, { park, health }]));
  }

  /** For other gateways: what changed since the last call, or `all` that is not as it should be; undefined when that is nothing. */
  news(all: boolean): StandingNews | undefined {
    const health = this.stands.entries().map(([name, stand]) => [name, stand.health] as const);
    const news = this.hearsay.tell({ health, parks: this.parks, keys: this.keys }, all);
    return news && moved(news, this.clock.stepped());
  }

  /** What another gateway knows; hearing it twice is hearing it once. */
  hear(news: StandingNews): void {
    const { health, parks, keys } = moved(news, -this.clock.stepped());
    for (const [name, news] of Object.entries(health))
      this.hearsay.hearHealth(name, this.byName(name, namedBy(name)).health, news);
    for (const [name, news] of Object.entries(parks))
      this.hearsay.hearPark(name, this.parkOf(namedBy(name)), news);
    for (const [name, until] of Object.entries(keys)) this.hearsay.hearKey(name, this.keyNamed(name), until);
  }

  /** Before the first exchange. What was learnt of targets that no longer exist is dropped by being asked for by nobody. */
  restore(snapshot: StandingSnapshot): void {
    const now = this.clock.now();
    for (const [key, { park, health }] of Object.entries(snapshot)) {
      const name = namedBy(key);
      const shared = this.parkOf(name);
      // Saved by a clock that was put back since.
      if (park.since <= now) Object.assign(shared, park);
      this.stands.set(key, {
        park: shared,
        health: this.judge.revive(health, now),
        key: this.keyOf(name.provider, ''),
        name,
      });
    }
  }

  private condemn(
    { park: state, key }: Stand,
    startedAt: number,
    { kind, after, status }: Failure,
    now: number,
  ) {
    const { condemns } = SEMANTICS[kind];
    if (condemns === 'nobody') return;
    // A 403 may mean this one model or place; a 401, or an empty account, is about the key.
    if (condemns === 'key' && status !== 403) {
      key.deadUntil = now + KEY_RECHECK;
      key.empty = kind === 'quota_exhausted';
      return;
    }
    const wait = condemns === 'key' ? KEY_RECHECK : after;
    state.forbidden = condemns === 'key';
    park(state, {
      now,
      startedAt,
      random: () => this.clock.random(),
      ...(wait !== undefined && { wait }),
    });
  }

  private of(step: Step, { model: asked, stream }: Wanted): Stand {
    let found = this.near.get(step);
    if (!found) {
      found = { streams: new Map(), wholes: new Map() };
      this.near.set(step, found);
    }
    const near = stream ? found.streams : found.wholes;
    const model = step.target.model ?? asked;
    const known = near.get(model);
    if (known) return known;
    if (near.size >= MOST) near.clear();
    const { provider, apiKey = '' } = step.target;
    const name = { provider, model, endpoint: stream ? step.protocol.name : `${step.protocol.name} whole` };
    const stand = this.byName(healthKey(name), name);
    // A reload may have brought another key.
    stand.key = this.keyOf(provider, apiKey);
    near.set(model, stand);
    return stand;
  }

  private byName(key: string, name: TargetName): Stand {
    const known = this.stands.get(key);
    if (known) return known;
    // The oldest goes; a Map keeps the order in which it was filled.
    if (this.stands.size >= MOST) this.stands.delete(this.stands.keys().next().value as string);
    const fresh = {
      park: this.parkOf(name),
      health: this.judge.create(),
      key: this.keyOf(name.provider, ''),
      name,
    };
    this.stands.set(key, fresh);
    return fresh;
  }

  private parkOf({ provider, model }: TargetName): ParkState {
    const name = healthKey({ provider, model });
    const known = this.parks.get(name);
    if (known) return known;
    if (this.parks.size >= MOST) this.parks.clear();
    const fresh = createParkState();
    this.parks.set(name, fresh);
    return fresh;
  }

  private keyOf(provider: string, apiKey: string): KeyStand {
    return this.keyNamed(`${provider}/${sha256(apiKey)}`);
  }

  private keyNamed(name: string): KeyStand {
    const known = this.keys.get(name);
    if (known) return known;
    const fresh = { deadUntil: 0 };
    this.keys.set(name, fresh);
    return fresh;
  }
}

/** The way back from `healthKey`. */
function namedBy(key: string): TargetName {
  const [provider = '', model = '', , , endpoint = ''] = key.split('/').map(decodeURIComponent);
  return { provider, model, endpoint };
}

function closed({ park: state, key }: Pick<Stand, 'park' | 'key'>, now: number): number {
  if (state.until === 0 && key.deadUntil === 0) return 0;
  return Math.max(parkedFor(state, now), key.deadUntil - now, 0);
}

/** Of a stream since its first token; of a whole answer all in all, for nothing else is seen of it. */
function paceOf(one: Try, reading: Reading | undefined, stream: boolean, took: number): number | undefined {
  if (reading === undefined || one.firstToken === undefined) return undefined;
  const { output, reasoning } = reading.usage;
  const tokens = output + reasoning;
  const ms = tookOf(took - (stream ? one.firstToken : 0), one);
  if (ms === undefined) return undefined;
  const seconds = ms / 1000;
  return tokens >= PACE_FROM && seconds > 0.05 ? tokens / seconds : undefined;
}
