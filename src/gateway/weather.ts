import type { Clock, FailureKind, Slowness, WaitNormal, WaitReading } from '#contracts';
import { type Contention, type ContentionState, contention } from '#kernel/resilience';
import { encoded } from './encoded.ts';
import { firstTokenOf } from './fair.ts';
import type { Step } from './plan.ts';
import type { Try, TryEnd, Walk } from './walk.ts';

/** Targets; callers of catch-all routes make model names up, and each sky is some hundred kilobytes. */
const MOST = 100;
/** In a snapshot. */
const KEPT = 30;

/** One model of a provider. */
interface Sky {
  readonly provider: string;
  readonly model: string;
  readonly zone: string;
  readonly rule: Contention;
  readonly state: ContentionState;
  seenAt: number;
}

interface Kept {
  readonly state: ContentionState;
  readonly seenAt: number;
}
/** Plain data, by target. */
export type WeatherSnapshot = Readonly<Record<string, Kept>>;

/** One target as it stands, for a page. */
export interface WeatherReading {
  readonly provider: string;
  readonly model: string;
  readonly zone: string;
  readonly normal: WaitNormal;
  /** Oldest first. */
  readonly readings: readonly WaitReading[];
  readonly findings: readonly Slowness[];
}

/** One try as another thread saw it: provider, model, zone, when. */
export type Felt = readonly [
  provider: string,
  model: string,
  zone: string,
  at: number,
  seen: Parameters<Contention['observe']>[2],
];

/** Given up before a first token by us or by the caller: it would have taken longer. */
const CUT: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'timeout_connect',
  'timeout_headers',
  'timeout_first_token',
  'timeout_total',
  'hedge_lost',
  'client_left',
]);

const ELSEWHERE = Object.freeze({ size: 0 });

/** How long targets keep their callers waiting, and why. Learnt from every try; acts on nothing. */
export class Weather {
  private readonly clock: Clock;
  private readonly rules = new Map<string, Contention>();
  private readonly skies = new Map<string, Sky>();
  private near = new WeakMap<Step, Map<string, Sky>>();

  /** Since the last `news`; undefined on the first thread, which learns for all, since nothing acts on it. */
  private felt: Felt[] | undefined;

  constructor(clock: Clock, thread = 1) {
    this.clock = clock;
    if (thread > 1) this.felt = [];
  }

  /** Tells the end of a try; `size` in uncached input tokens. */
  ended(one: Try, { facets, source }: Walk, { failure }: TryEnd, size: number): void {
    const cut = one.firstToken === undefined && failure !== undefined && CUT.has(failure.kind);
    if (one.replayed || (!one.sent && !cut)) return;
    if (one.stood) {
      // Who stood still himself knows neither how long he waited nor whether he was let down; load it was all the same.
      if (source !== 'probe') this.note(one.step, one.model, ELSEWHERE);
      return;
    }
    const elapsed = cut ? this.clock.monotonic() - one.start : undefined;
    this.note(one.step, one.model, {
      size,
      took: facets.stream ? (elapsed ?? firstTokenOf(one)) : undefined,
      cut,
      connect: one.late > 0 ? undefined : (one.connected ?? elapsed),
      dialling: one.connected === undefined,
      probe: source === 'probe',
    });
  }

  /** Tells of a call that was meant for a target and was sent elsewhere at once: load that callers make all the same. */
  missed(step: Step, { facets, source }: Walk): void {
    if (source === 'probe') return;
    this.note(step, step.target.model ?? facets.model, ELSEWHERE);
  }

  /** What was seen since the last call, for the first thread. */
  news(): readonly Felt[] {
    const { felt = [] } = this;
    if (felt.length > 0) this.felt = [];
    return felt;
  }

  /** What another thread saw counts as if it had been seen here. */
  hear(news: readonly Felt[]): void {
    for (const [provider, model, zone, at, seen] of news)
      observe(this.byName(provider, zone, model), at, seen);
  }

  /** Closes what is over though nobody asked since. */
  settle(): void {
    const now = this.clock.now();
    for (const { rule, state } of this.skies.values()) rule.settle(state, now);
  }

  read(): readonly WeatherReading[] {
    this.settle();
    const now = this.clock.now();
    return [...this.skies.values()].map(({ provider, model, zone, rule, state }) => ({
      provider,
      model,
      zone,
      normal: rule.normal(state, now),
      readings: state.readings,
      findings: state.findings,
    }));
  }

  /** Those that were asked last. */
  snapshot(): WeatherSnapshot {
    const latest = [...this.skies].sort(([, a], [, b]) => b.seenAt - a.seenAt).slice(0, KEPT);
    return Object.fromEntries(latest.map(([name, { state, seenAt }]) => [name, { state, seenAt }]));
  }

  /** Before the first exchange. */
  restore(snapshot: WeatherSnapshot): void {
    for (const [name, { state, seenAt }] of Object.entries(snapshot)) {
      const [provider = '', model = '', zone = ''] = name.split('/').map(decodeURIComponent);
      this.skies.set(name, { provider, model, zone, rule: this.ruleOf(zone), state, seenAt });
    }
  }

  private note(step: Step, model: string, seen: Felt[4]): void {
    const now = this.clock.now();
    if (this.felt) this.felt.push([step.target.provider, model, step.target.zone, now, seen]);
    else observe(this.of(step, model), now, seen);
  }

  private of(step: Step, model: string): Sky {
    let models = this.near.get(step);
    if (!models) {
      models = new Map();
      this.near.set(step, models);
    }
    const known = models.get(model);
    if (known) return known;
    const sky = this.byName(step.target.provider, step.target.zone, model);
    models.set(model, sky);
    return sky;
  }

  private byName(provider: string, zone: string, model: string): Sky {
    const name = [provider, model, zone].map(encoded).join('/');
    const known = this.skies.get(name);
    if (known) return known;
    if (this.skies.size >= MOST) this.forgetOne();
    const rule = this.ruleOf(zone);
    const fresh = { provider, model, zone, rule, state: rule.create(), seenAt: 0 };
    this.skies.set(name, fresh);
    return fresh;
  }

  /** The one that was asked longest ago: names that callers make up must not push out the models that are in use. */
  private forgetOne(): void {
    let name = '';
    let at = Number.POSITIVE_INFINITY;
    for (const [other, { seenAt }] of this.skies)
      if (seenAt < at) {
        name = other;
        at = seenAt;
      }
    this.skies.delete(name);
    this.near = new WeakMap();
  }

  private ruleOf(zone: string): Contention {
    const known = this.rules.get(zone);
    if (known) return known;
    const made = contention({ zone });
    this.rules.set(zone, made);
    return made;
  }
}

/** Threads tell what they saw a moment later, and time goes forward only. */
function observe(sky: Sky, at: number, seen: Felt[4]): void {
  sky.seenAt = Math.max(at, sky.seenAt);
  sky.rule.observe(sky.state, sky.seenAt, seen);
}
