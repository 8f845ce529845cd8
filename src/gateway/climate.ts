import type { AskFacets, Clock, EpochMs, HourView, RegimeView } from '#contracts';
import {
  type Calm,
  type DecayingSketchState,
  decayingSketch,
  type Hours,
  type HoursState,
  hours,
  regimeCause,
  SIZES,
  sizeClass,
} from '#kernel/resilience';
import { encoded } from './encoded.ts';
import { firstTokenOf, signalOf, tookOf } from './fair.ts';
import type { Step } from './plan.ts';
import type { Estimate, Try, TryEnd } from './walk.ts';

/** Targets times sizes; callers of catch-all routes make model names up, and each profile is some kilobytes. */
const MOST = 500;
/** In a snapshot, some twenty kilobytes each. */
const KEPT = 100;
/** A median of fewer is no profile. */
const MONTH = 28 * 86_400_000;
/** Never waited for less: below it a pause of the garbage collector decides. */
const SHORTEST = 1_000;
/** First tokens of the last minutes that make a median worth comparing. */
const ENOUGH_RECENT = 10;
/** Tokens below which the time of each is that of the network. */
const PACE_FROM = 8;
/** What a quiet week differs by from the next. */
const USUAL = 1.2;

/** In place of a size. */
const PROBE = -1;

const nameOf = (provider: string, model: string, size: number, zone: string): string =>
  [provider, model, String(size), zone].map(encoded).join('/');

const lately = decayingSketch({ alpha: 0.01, smallest: 0.1, halfLife: 300_000 });

/** One figure of a profile. */
interface Series {
  readonly hours: HoursState;
  readonly recent: DecayingSketchState;
}

/** What is normal at each hour of the week for asks of one size to one model. */
interface Profile {
  readonly provider: string;
  readonly model: string;
  readonly zone: string;
  readonly size: number;
  readonly rule: Hours;
  readonly hours: HoursState;
  readonly recent: DecayingSketchState;
  /** Milliseconds a token once it streams; absent until one has. */
  perToken?: Series;
  /** Of the latest first token. */
  seenAt: EpochMs;
}

interface Kept extends Series {
  readonly perToken?: Series;
  readonly seenAt: EpochMs;
}
/** One answer as another thread saw it: provider, model, zone, class of size, when, milliseconds to its first token and for each one after it. */
export type Seen = readonly [
  provider: string,
  model: string,
  zone: string,
  size: number,
  at: EpochMs,
  firstToken: number,
  perToken: number | undefined,
];
/** Plain data: five weeks are not learnt again after a restart. */
export type ClimateSnapshot = Readonly<Record<string, Kept>>;

type Regime = Omit<RegimeView, 'says'>;
/** A figure of a target that has left its week. */
export interface RegimeReading {
  readonly provider: string;
  readonly model: string;
  readonly figure: 'firstToken' | 'perToken';
  readonly regime: Regime;
}

/** One figure as it stands. */
export interface FigureReading {
  readonly cells: readonly HourView[];
  readonly recent?: { readonly p50: number; readonly n: number };
  /** A factor on the normal of this hour that its own weeks differ by. */
  readonly usual: number;
  /** Slower than its week for hours on end. */
  readonly regime?: Regime;
}

/** One profile as it stands, for a page. */
export interface ClimateReading extends FigureReading {
  readonly provider: string;
  readonly model: string;
  readonly tokens: { readonly from: number; readonly to?: number };
  readonly zone: string;
  readonly since: EpochMs;
  readonly acts: boolean;
  readonly hour: number;
  readonly timeout?: number;
  readonly perToken?: FigureReading;
}

/**
 * First tokens of streams, and the time a token takes after it, by the hour of the week, for every target that is asked: learnt always, because a month of it must be
 * there on the day on which somebody wants to go by it. Answers that failed teach nothing.
 */
export class Climate {
  private readonly clock: Clock;
  private readonly estimate: Estimate;
  private readonly rules = new Map<string, Hours>();
  private readonly profiles = new Map<string, Profile>();
  private readonly near = new WeakMap<Step, Map<string, (Profile | undefined)[]>>();
  /** Since the last `news`; undefined in a gateway of one thread, which tells nobody. */
  private fresh: Seen[] | undefined;

  constructor(clock: Clock, estimate: Estimate, shared = false) {
    this.clock = clock;
    this.estimate = estimate;
    if (shared) this.fresh = [];
  }

  /** Tells the end of a try. */
  ended(one: Try, ask: AskFacets, end: TryEnd, tokens: number, probe = false): void {
    const firstToken = firstTokenOf(one);
    if (!ask.stream || firstToken === undefined || one.replayed || signalOf(one, end) !== 'good') return;
    const now = this.clock.now();
    const { target } = one.step;
    // All of one size, and with a week of their own: by it a change of ours is told from one of the provider.
    const profile = probe
      ? this.byName(target.provider, target.zone, one.model, PROBE)
      : this.of(one.step, one.model, ask);
    // An answer that arrives whole behind its first token says nothing of a pace.
    const streamed = tookOf(end.streamed ?? 0, one) ?? 0;
    const perToken = tokens >= PACE_FROM && streamed >= 1 ? streamed / tokens : undefined;
    observe(profile, now, firstToken, perToken);
    if (!this.fresh) return;
    const { provider, model, zone, size } = profile;
    this.fresh.push([provider, model, zone, size, now, firstToken, perToken]);
  }

  /** What was seen since the last call, for the other threads. */
  news(): readonly Seen[] {
    const { fresh = [] } = this;
    if (fresh.length > 0) this.fresh = [];
    return fresh;
  }

  /** What another thread saw counts as if it had been seen here. */
  hear(news: readonly Seen[]): void {
    for (const [provider, model, zone, size, at, firstToken, perToken] of news) {
      const profile = this.byName(provider, zone, model, size);
      // Threads tell each other in turns; the hours go forward only.
      observe(profile, Math.max(at, profile.seenAt), firstToken, perToken);
    }
  }

  /** Milliseconds from its beginning that a try may take to its first token; undefined while less than four weeks are known. */
  patience(step: Step, model: string, ask: AskFacets): number | undefined {
    const profile = this.of(step, model, ask);
    return this.timeout(profile, this.clock.now());
  }

  /** What this hour's first tokens stay below in `q` of the cases; undefined while less than four weeks are known. */
  normal(step: Step, model: string, ask: AskFacets, q: number): number | undefined {
    const { rule, hours } = this.of(step, model, ask);
    const now = this.clock.now();
    return known(hours, now) ? rule.normal(hours, now, q) : undefined;
  }

  /** How much slower than the week's mean this hour normally is; 1 while less than four weeks are known. */
  factor(step: Step, model: string, ask: AskFacets): number {
    const { rule, hours } = this.of(step, model, ask);
    const now = this.clock.now();
    return known(hours, now) ? rule.factor(hours, now) : 1;
  }

  /**
   * Half hours within which asks like this one are answered the sooner, calmest alike, and what that is of now; undefined while
   * less than four weeks are known of this target. Of the size where that is known, else of the size most is known of.
   */
  calmest(
    { provider, model, zone }: { readonly provider: string; readonly model: string; readonly zone: string },
    ask: AskFacets,
    within: number,
  ): readonly Calm[] | undefined {
    const now = this.clock.now();
    const all = Array.from({ length: SIZES.length + 1 }, (_, size) =>
      this.profiles.get(nameOf(provider, model, size, zone)),
    ).filter((one) => one !== undefined && known(one.hours, now)) as Profile[];
    const size = sizeClass(this.estimate(ask, 0, 0).input);
    const best = all.find((one) => one.size === size) ?? all.sort((a, b) => b.hours.seen - a.hours.seen)[0];
    return best?.rule.calmest(best.hours, now, within);
  }

  /** Whatever is slower than its own week now. */
  regimes(): readonly RegimeReading[] {
    const found: RegimeReading[] = [];
    for (const { provider, model, zone, size, rule, hours, perToken } of this.profiles.values()) {
      if (size === PROBE) continue;
      const probe = this.profiles.get(nameOf(provider, model, PROBE, zone));
      const first = regimeOf(rule, hours, probe);
      const pace = perToken && regimeOf(rule, perToken.hours, probe?.perToken);
      if (first) found.push({ provider, model, figure: 'firstToken', regime: first });
      if (pace) found.push({ provider, model, figure: 'perToken', regime: pace });
    }
    return found;
  }

  read(): readonly ClimateReading[] {
    const now = this.clock.now();
    return [...this.profiles.values()].flatMap((profile) => {
      const { provider, model, zone, size, rule, hours, perToken } = profile;
      if (hours.begun === 0 || size === PROBE) return [];
      const probe = this.profiles.get(nameOf(provider, model, PROBE, zone));
      const timeout = this.timeout(profile, now);
      const to = SIZES[size];
      return [
        {
          provider,
          model,
          tokens: { from: SIZES[size - 1] ?? 0, ...(to !== undefined && { to }) },
          zone,
          since: hours.begun,
          acts: known(hours, now),
          hour: rule.hourAt(hours, now),
          ...figureOf(rule, profile, probe, now),
          ...(timeout !== undefined && { timeout }),
          ...(perToken && { perToken: figureOf(rule, perToken, probe?.perToken, now) }),
        },
      ];
    });
  }

  /** Those that were asked last. */
  snapshot(): ClimateSnapshot {
    const latest = [...this.profiles].sort(([, a], [, b]) => b.seenAt - a.seenAt).slice(0, KEPT);
    return Object.fromEntries(
      latest.map(([name, { hours, recent, perToken, seenAt }]) => [
        name,
        { hours, recent, ...(perToken && { perToken }), seenAt },
      ]),
    );
  }

  /** Before the first exchange. */
  restore(snapshot: ClimateSnapshot): void {
    for (const [name, kept] of Object.entries(snapshot)) {
      const [provider = '', model = '', size = '', zone = ''] = name.split('/').map(decodeURIComponent);
      this.profiles.set(name, {
        provider,
        model,
        zone,
        size: Number(size),
        rule: this.ruleOf(zone),
        ...kept,
        // One of an earlier release has not looked for a regime.
        hours: { ...this.ruleOf(zone).create(), ...kept.hours },
      });
    }
  }

  private timeout({ rule, hours }: Profile, now: number): number | undefined {
    return known(hours, now) ? rule.timeout(hours, now, { min: SHORTEST }) : undefined;
  }

  /** By the size that the ask is estimated at: of the next one nothing else will be known beforehand. */
  private of(step: Step, model: string, ask: AskFacets): Profile {
    const size = sizeClass(this.estimate(ask, 0, 0).input);
    let models = this.near.get(step);
    if (!models) {
      models = new Map();
      this.near.set(step, models);
    }
    let sizes = models.get(model);
    if (!sizes) {
      if (models.size >= MOST) models.clear();
      sizes = [];
      models.set(model, sizes);
    }
    const found = sizes[size] ?? this.byName(step.target.provider, step.target.zone, model, size);
    sizes[size] = found;
    return found;
  }

  private byName(provider: string, zone: string, model: string, size: number): Profile {
    // With its zone: hours of another one are other hours, and are learnt anew.
    const name = nameOf(provider, model, size, zone);
    const known = this.profiles.get(name);
    if (known) return known;
    // The oldest goes; a Map keeps the order in which it was filled.
    if (this.profiles.size >= MOST) this.profiles.delete(this.profiles.keys().next().value as string);
    const rule = this.ruleOf(zone);
    const fresh = {
      provider,
      model,
      zone,
      size,
      rule,
      hours: rule.create(),
      recent: lately.create(),
      seenAt: 0,
    };
    this.profiles.set(name, fresh);
    return fresh;
  }

  private ruleOf(zone: string): Hours {
    const known = this.rules.get(zone);
    if (known) return known;
    const made = hours({ zone });
    this.rules.set(zone, made);
    return made;
  }
}

function observe(profile: Profile, now: EpochMs, firstToken: number, perToken?: number): void {
  const { rule } = profile;
  rule.observe(profile.hours, now, firstToken);
  lately.insert(profile.recent, now, firstToken);
  profile.seenAt = now;
  if (perToken === undefined) return;
  profile.perToken ??= { hours: rule.create(), recent: lately.create() };
  rule.observe(profile.perToken.hours, now, perToken);
  lately.insert(profile.perToken.recent, now, perToken);
}

function figureOf(
  rule: Hours,
  { hours, recent }: Series,
  probe: Series | undefined,
  now: EpochMs,
): FigureReading {
  const n = Math.floor(lately.weight(recent, now));
  const p50 = lately.quantile(recent, 0.5);
  const regime = regimeOf(rule, hours, probe);
  return {
    cells: rule.read(hours),
    usual: rule.usual(hours, now, USUAL),
    ...(p50 !== undefined && n >= ENOUGH_RECENT && { recent: { p50, n } }),
    ...(regime && { regime }),
  };
}

function regimeOf(rule: Hours, hours: HoursState, probe: Series | undefined): Regime | undefined {
  const { found, of } = rule.regime(hours);
  return (
    found && {
      since: found.since,
      foundAt: found.at,
      of,
      cause: regimeCause(hours[of], probe?.hours.typical),
    }
  );
}

const known = ({ begun }: HoursState, now: number): boolean => begun > 0 && now - begun >= MONTH;
