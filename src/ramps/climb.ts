import type {
  Act,
  Clock,
  EpochMs,
  ExchangeFacts,
  FrozenRoutes,
  Log,
  RampAct,
  RampChange,
  RampConfig,
  RampDecision,
  SayAct,
  SteerQuestion,
  Turn,
} from '#contracts';
import { type Session, sessionOf } from '#kernel';
import { bucketOf, type Ramp, type RampState, ramp } from '#kernel/ramp';
import { Held, type Path } from './held.ts';
import { bucketsOf, given, type Learnt, learn, type Sample } from './learning.ts';
import { badAt } from './outcome.ts';
import { scoreOf } from './score.ts';
import { type Unjudged, UnjudgedAnswers } from './unjudged.ts';
import type { RampWord } from './word.ts';

/** What of a ramp outlives a restart; plain JSON. */
export interface SavedClimb {
  /** Fingerprint of the plan and its tiers: evidence about another path is none about this one. */
  readonly plan: string;
  readonly since: EpochMs;
  readonly sample: Sample;
  readonly learnt?: Learnt;
  readonly state?: RampState;
  /** How often the whole was reset, and each bucket opened again since; absent: never. */
  readonly era?: number;
  readonly opened?: readonly number[];
}

/** What a climb is about. */
export interface Ascent {
  readonly route: string;
  readonly config: RampConfig;
  /** Tier of the old path. */
  readonly from: string;
  readonly plan: string;
}

/** Before edges and baseline are known everybody takes the old path, and what becomes of it is the yardstick. */
interface Moving {
  readonly ramp: Ramp;
  readonly learnt: Learnt;
  /** Ready-made: a turn an exchange would be an object an exchange. */
  readonly turns: Readonly<Record<Path, readonly Turn[]>>;
}

export interface ClimbHouse {
  readonly clock: Clock;
  readonly log: Log;
  /** A frozen route goes no further by itself; what does harm is taken back all the same. */
  readonly frozen: FrozenRoutes['frozen'];
  /** Tells the other gateways what was decided here. */
  readonly say: SayAct;
  /** Tells them what was seen here; absent where there are none, or no way to tell. */
  readonly share?: (route: string, plan: string, word: RampWord) => void;
}

/** One route on its way up. Decides from memory, counts outcomes as they come, and takes a bucket back in the same step. */
export class Climb {
  readonly ascent: Ascent;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly frozen: ClimbHouse['frozen'];
  private readonly say: SayAct;
  private readonly share: ClimbHouse['share'];
  private readonly held = new Held();
  private readonly unjudged = new UnjudgedAnswers();
  private readonly waiting: Turn;
  private since: EpochMs;
  private sample: Sample;
  private moving: Moving | undefined;
  private state: RampState | undefined;
  private era: number;
  private opened: number[];

  constructor(ascent: Ascent, { clock, log, frozen, say, share }: ClimbHouse, saved?: SavedClimb) {
    this.ascent = ascent;
    this.clock = clock;
    this.log = log;
    this.frozen = frozen;
    this.say = say;
    this.share = share;
    this.era = saved?.era ?? 0;
    this.opened = [...(saved?.opened ?? [])];
    this.since = saved?.since ?? clock.now();
    this.sample = saved?.sample ?? { scores: [], bad: [] };
    this.waiting = { ...turnTo(ascent, 'old'), cell: CELL };
    const learnt = saved?.learnt ?? given(ascent.config);
    if (learnt) this.move(learnt, saved?.state);
  }

  steer(question: SteerQuestion): Turn | undefined {
    const { config, from } = this.ascent;
    const { tiers, facets, who } = question;
    // A caller whom only one of the paths can answer is no part of the experiment.
    if (!tiers.includes(config.to) || !tiers.includes(from)) return undefined;
    const { moving, state } = this;
    if (!moving || !state) return this.waiting;
    const bucket = bucketOf(scoreOf(facets), moving.learnt.edges);
    // Who names no session is one of his own.
    const session = sessionOf(question, config.session) ?? { name: question.id, ends: false };
    const { path, held } = this.way(moving, state, bucket, session, who.feature);
    if (session.ends) {
      this.held.set(session.name, path);
      if (this.share && held !== path) this.word({ held: [session.name, path] });
    }
    return moving.turns[path][bucket];
  }

  /** Where `steer` would send it, without that anything begins; undefined for a caller without a session, for whom it is drawn. */
  foresee({ facets, who, place }: Pick<SteerQuestion, 'facets' | 'who' | 'place'>): RampDecision | undefined {
    const { config, from } = this.ascent;
    const { moving, state } = this;
    const score = scoreOf(facets);
    if (!moving || !state) return { path: 'old', tier: from, score };
    const session = sessionOf({ place, who }, config.session);
    if (!session) return undefined;
    const bucket = bucketOf(score, moving.learnt.edges);
    const { path } = this.way(moving, state, bucket, session, who.feature);
    return { path, tier: path === 'new' ? config.to : from, score, bucket: bucket + 1 };
  }

  private way(
    { ramp }: Moving,
    state: RampState,
    bucket: number,
    { name, ends }: Session,
    workflow: string | undefined,
  ): { readonly path: Path; readonly held: Path | undefined } {
    const held = ends ? this.held.get(name) : undefined;
    const path = ramp.decide(state, {
      session: name,
      bucket,
      ...(workflow !== undefined && { workflow }),
      ...(held && { held }),
    });
    return { path, held };
  }

  ended(facts: ExchangeFacts): void {
    const { cell } = facts.tier;
    // What began before this plan was decided by another.
    if (cell === undefined || !cell.startsWith(CELL) || facts.at < this.since) return;
    if (!this.moving) {
      this.study(facts);
      return;
    }
    const [path, number] = cell.slice(CELL.length + 1).split(':') as [Path, string];
    const bucket = Number(number?.slice(1)) - 1;
    if (!this.state?.buckets[bucket]) return;
    const bad = badAt(facts, path === 'new' ? this.ascent.config.to : this.ascent.from);
    if (bad === undefined) return;
    if (bad || path === 'old' || !this.ascent.config.verdicts) {
      this.count(bucket, path, bad);
      if (this.share) this.word({ seen: [bucket, path, bad] });
    } else this.waits(facts.id, { path, bucket, stage: this.state.stage, score: 0 });
  }

  /** Somebody says what an answer was worth. @returns whether it is one that waits for that. */
  judge(exchange: string, good: boolean): boolean {
    const known = this.judged(exchange, good);
    if (known) this.word({ judged: [exchange, good] });
    return known;
  }

  /** What another gateway has seen counts as if it had been seen here. */
  hear(word: RampWord): void {
    if (word.era !== this.era) return;
    if ('held' in word) this.held.set(...word.held);
    else if ('waits' in word) this.await(...word.waits);
    else if ('judged' in word) this.judged(...word.judged);
    else if ('study' in word) {
      if (!this.moving) this.learnFrom(...word.study);
    } else if (this.moving && this.state?.buckets[word.seen[0]]) this.count(...word.seen);
  }

  private judged(exchange: string, good: boolean): boolean {
    const answer = this.unjudged.take(exchange);
    if (!answer) return false;
    const { bucket, stage, score } = answer;
    if (bucket === undefined) {
      if (!this.moving) this.learnFrom(score, !good);
      return true;
    }
    this.count(bucket, 'new', !good, { stage });
    return true;
  }

  /** A verdict may come in on any gateway, so all of them wait for it. */
  private waits(exchange: string, answer: Unjudged): void {
    this.await(exchange, answer);
    if (this.share) this.word({ waits: [exchange, answer] });
  }

  private await(exchange: string, answer: Unjudged): void {
    const { bucket } = answer;
    if (bucket !== undefined && !(this.moving && this.state?.buckets[bucket])) return;
    this.unjudged.add(exchange, answer);
    if (bucket !== undefined && this.moving && this.state)
      this.state = this.moving.ramp.awaits(this.state, bucket);
  }

  /** @returns why it cannot be done, or undefined when it is. */
  change(verb: 'advance' | 'rollback' | 'reset', { bucket, why }: RampChange): string | undefined {
    const { moving, state } = this;
    const now = this.clock.now();
    if (!moving || !state) return 'It still learns from the old path, and nothing has moved yet.';
    const one = bucket === undefined ? undefined : bucket - 1;
    if (one !== undefined && !state.buckets[one])
      return `There is no bucket ${bucket}; there are ${state.buckets.length}, from 1.`;
    switch (verb) {
      case 'advance': {
        const gate = moving.ramp.gate(state);
        if (gate.verdict !== 'pass') return `Bucket ${(gate.bucket ?? 0) + 1}: ${gate.why}.`;
        if (state.stage === this.ascent.config.stages.length - 1) return 'It is at its last stage.';
        this.advanced(moving.ramp.advance(state, now));
        return undefined;
      }
      case 'rollback':
        this.rollBack(one === undefined ? [...state.buckets.keys()] : [one], why ?? 'rolled back by hand');
        return undefined;
      case 'reset':
        if (one === undefined) {
          this.reset(moving, this.era + 1);
          this.act({ reset: true });
        } else {
          this.reopen(moving, one, this.openedOf(one) + 1);
          this.act({ bucket: one, opened: this.openedOf(one) });
        }
        return undefined;
    }
  }

  /** What was decided on another gateway. Whatever is older than what is known here, or known, changes nothing. */
  heed(says: RampAct): void {
    if (says.era > this.era) {
      if (this.moving) this.reset(this.moving, says.era);
      else this.era = says.era;
    }
    if (says.era !== this.era) return;
    if ('learnt' in says) {
      // Two that learnt at once go by what the first has learnt.
      if (given(this.ascent.config) || (this.moving && this.since <= says.since)) return;
      this.move(says.learnt);
      this.since = says.since;
      return;
    }
    const { moving, state } = this;
    if (!moving || !state) return;
    if ('stage' in says) {
      this.state = moving.ramp.enter(state, says.stage, this.clock.now());
      if (this.state !== state)
        this.tell('info', 'ramp.advanced', { stage: says.stage + 1, elsewhere: true });
    } else if ('bucket' in says && state.buckets[says.bucket]) {
      const { bucket, opened, back } = says;
      if (opened > this.openedOf(bucket)) this.reopen(moving, bucket, opened);
      if (back === undefined || opened < this.openedOf(bucket) || this.state?.buckets[bucket]?.rolledBack)
        return;
      this.state = moving.ramp.rollBack(this.state as RampState, bucket, this.clock.now(), back);
      this.tell('error', 'ramp.rolled_back', { bucket: bucket + 1, why: back, elsewhere: true });
    }
  }

  /** For whoever shows it. */
  now(): {
    readonly since: EpochMs;
    readonly seen: number;
    readonly moving?: Moving;
    readonly state?: RampState;
  } {
    const { since, moving, state } = this;
    return { since, seen: this.sample.scores.length, ...(moving && state && { moving, state }) };
  }

  save(): SavedClimb {
    const { since, sample, moving, state, era, opened } = this;
    return {
      plan: this.ascent.plan,
      since,
      sample,
      ...(era > 0 && { era }),
      ...(opened.length > 0 && { opened }),
      ...(moving && state && { learnt: moving.learnt, state }),
    };
  }

  private study(facts: ExchangeFacts): void {
    const { from, route } = this.ascent;
    if (this.frozen(route)) return;
    const bad = badAt(facts, from);
    if (bad === undefined) return;
    const score = scoreOf(facts.ask);
    // Whoever is judged by verdicts is held to a yardstick of verdicts.
    if (this.ascent.config.verdicts && !bad) this.waits(facts.id, { path: 'old', stage: 0, score });
    else {
      if (this.share) this.word({ study: [score, bad] });
      this.learnFrom(score, bad);
    }
  }

  private learnFrom(score: number, bad: boolean): void {
    const learnt = learn(this.sample, score, bad, this.ascent.config);
    if (!learnt) return;
    this.move(learnt);
    this.tell('info', 'ramp.learnt', { ...learnt });
    this.act({ learnt, since: this.since });
  }

  private move(learnt: Learnt, state?: RampState): void {
    const { route, config } = this.ascent;
    const { stages, allow, minimum, harm, alpha } = config;
    const moving = ramp({
      name: route,
      stages: stages.map((stage) => stage.map((percent) => percent / 100)),
      allow,
      minimum,
      harm,
      alpha,
      baseline: learnt.baseline,
    });
    const buckets = Array.from({ length: bucketsOf(config) }, (_, b) => b);
    const turns = (path: Path) =>
      buckets.map((b): Turn => ({ ...turnTo(this.ascent, path), cell: `${CELL}:${path}:b${b + 1}` }));
    this.moving = { ramp: moving, learnt, turns: { new: turns('new'), old: turns('old') } };
    this.since = state ? this.since : this.clock.now();
    this.state = state ?? moving.start(this.since);
    this.sample = { scores: [], bad: [] };
  }

  private count(bucket: number, path: Path, bad: boolean, judged?: { readonly stage: number }): void {
    const { ramp } = this.moving as Moving;
    const before = this.state as RampState;
    const at = this.clock.now();
    const after = ramp.outcome(before, { at, bucket, path, bad, ...(judged && { judged }) });
    this.state = after;
    const { rolledBack } = after.buckets[bucket] as RampState['buckets'][number];
    if (rolledBack && !before.buckets[bucket]?.rolledBack) this.wentBack(bucket, rolledBack.why);
    if (bad && path === 'new') this.boundHarm(after);
    if (this.ascent.config.auto && path === 'new') this.goOn(after, at);
  }

  /** The harm that the whole ramp may do is done: there is nothing left to learn at this price. */
  private boundHarm({ buckets }: RampState): void {
    const { harm } = this.ascent.config;
    const open = [...buckets.keys()].filter((b) => !buckets[b]?.rolledBack);
    if (open.length === 0 || buckets.reduce((sum, { bad }) => sum + bad, 0) < harm) return;
    this.rollBack(open, `${harm} bad answers, which is all that the ramp may cost`);
  }

  private goOn(state: RampState, at: EpochMs): void {
    if (this.frozen(this.ascent.route)) return;
    const next = (this.moving as Moving).ramp.advance(state, at);
    if (next !== state) this.advanced(next);
  }

  private rollBack(buckets: readonly number[], why: string): void {
    const { ramp } = this.moving as Moving;
    const at = this.clock.now();
    for (const bucket of buckets) {
      this.state = ramp.rollBack(this.state as RampState, bucket, at, why);
      this.wentBack(bucket, why);
    }
  }

  private wentBack(bucket: number, why: string): void {
    this.tell('error', 'ramp.rolled_back', { bucket: bucket + 1, why });
    this.act({ bucket, opened: this.openedOf(bucket), back: why });
  }

  private advanced(next: RampState): void {
    this.state = next;
    this.tell('info', 'ramp.advanced', { stage: next.stage + 1 });
    this.act({ stage: next.stage });
  }

  private reset({ ramp }: Moving, era: number): void {
    const now = this.clock.now();
    this.state = ramp.start(now);
    this.since = now;
    this.era = era;
    this.opened = [];
    this.held.clear();
    this.unjudged.forget();
    this.tell('info', 'ramp.reset', {});
  }

  private reopen({ ramp }: Moving, bucket: number, opened: number): void {
    this.state = ramp.reopen(this.state as RampState, bucket);
    this.opened[bucket] = opened;
    this.unjudged.forget(bucket);
    this.tell('info', 'ramp.reset', { bucket: bucket + 1 });
  }

  private openedOf(bucket: number): number {
    return this.opened[bucket] ?? 0;
  }

  private act(says: Without<RampAct, 'era'>): void {
    const { route, plan } = this.ascent;
    const act: Act = {
      at: this.clock.now(),
      route,
      print: plan,
      of: 'ramp',
      says: { era: this.era, ...says },
    };
    this.say(act);
  }

  private word(word: Without<RampWord, 'era'>): void {
    this.share?.(this.ascent.route, this.ascent.plan, { era: this.era, ...word });
  }

  private tell(level: 'info' | 'error', event: string, data: Readonly<Record<string, unknown>>): void {
    this.log(level, event, { route: this.ascent.route, ...data });
  }
}

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export type ClimbReading = ReturnType<Climb['now']>;

const CELL = 'ramp';

/** The old path excludes the new one; the new one is still caught by the old. */
const turnTo = ({ route, config, from }: Ascent, path: Path): Turn => ({
  by: `ramp:${route}`,
  reason: 'flag',
  ...(path === 'new' ? { tier: config.to } : { tier: from, without: [config.to] }),
});
