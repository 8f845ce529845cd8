import type { Clock } from '#contracts';
import {
  type HealthNews,
  type HealthState,
  healthNews,
  hearHealth,
  moveNews,
  type ParkState,
  worthTelling,
} from '#kernel/resilience';

/** What one gateway tells others of its targets: transitions, not evidence. Plain data, by the names of `Standing`. */
export interface StandingNews {
  readonly health: Readonly<Record<string, HealthNews>>;
  readonly parks: Readonly<Record<string, ParkState>>;
  /** Refused keys by provider and hash: until when they are left alone. */
  readonly keys: Readonly<Record<string, number>>;
}

/** The same by a clock that is `by` milliseconds ahead. */
export function moved(news: StandingNews, by: number): StandingNews {
  if (by === 0) return news;
  const each = <T>(record: Readonly<Record<string, T>>, move: (one: T) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(record).map(([name, one]) => [name, move(one)]));
  return {
    health: each(news.health, (one) => moveNews(one, by)),
    parks: each(news.parks, (park) => ({ ...park, since: park.since + by, until: park.until + by })),
    keys: each(news.keys, (until) => until + by),
  };
}

export interface Known {
  readonly health: Iterable<readonly [string, HealthState]>;
  readonly parks: Iterable<readonly [string, ParkState]>;
  readonly keys: Iterable<readonly [string, { readonly deadUntil: number }]>;
}

/** A hearer leaves the probe of a target to whoever told of it for so long, plus a part of the second figure by chance, ms: longer than news travel. */
const FIRST_TO_THE_TELLER = { least: 500, spread: 1_500 };

/** Names that are remembered as told; to tell twice is no harm. */
const MOST = 2_000;

/** Remembers what was told and heard, so that every transition is told once and nothing goes round in circles. */
export class Hearsay {
  private readonly clock: Pick<Clock, 'now' | 'random'>;
  private readonly health = new Map<string, { readonly turnedAt: number; readonly gradedAt: number }>();
  private readonly parks = new Map<string, number>();
  private readonly keys = new Map<string, number>();

  constructor(clock: Pick<Clock, 'now' | 'random'>) {
    this.clock = clock;
  }

  /** What is new since the last call, or with `all` everything that is not as it should be; undefined when there is nothing to tell. */
  tell(known: Known, all: boolean): StandingNews | undefined {
    const now = this.clock.now();
    for (const told of [this.health, this.parks, this.keys]) if (told.size > MOST) told.clear();
    const health: Record<string, HealthNews> = {};
    const parks: Record<string, ParkState> = {};
    const keys: Record<string, number> = {};
    let any = false;
    for (const [name, state] of known.health) {
      if (!worthTelling(state)) continue;
      const news = healthNews(state);
      const told = this.health.get(name);
      if (!all && told && told.turnedAt >= news.turnedAt && told.gradedAt >= news.gradedAt) continue;
      this.health.set(name, news);
      health[name] = news;
      any = true;
    }
    for (const [name, park] of known.parks) {
      if (park.until <= now || (!all && this.parks.get(name) === park.until)) continue;
      this.parks.set(name, park.until);
      parks[name] = { ...park };
      any = true;
    }
    for (const [name, { deadUntil }] of known.keys) {
      if (deadUntil <= now || (!all && this.keys.get(name) === deadUntil)) continue;
      this.keys.set(name, deadUntil);
      keys[name] = deadUntil;
      any = true;
    }
    return any ? { health, parks, keys } : undefined;
  }

  hearHealth(name: string, state: HealthState, news: HealthNews): void {
    const { least, spread } = FIRST_TO_THE_TELLER;
    hearHealth(state, news, least + spread * this.clock.random());
    const { turnedAt, gradedAt } = healthNews(state);
    this.health.set(name, { turnedAt, gradedAt });
  }

  hearPark(name: string, park: ParkState, news: ParkState): void {
    if (news.since <= park.since) return;
    park.since = news.since;
    park.until = Math.max(park.until, news.until);
    park.streak = Math.max(park.streak, news.streak);
    park.forbidden = news.forbidden === true;
    this.parks.set(name, park.until);
  }

  /** Each word once: a key that has been good since must not be condemned by its echo. */
  hearKey(name: string, key: { deadUntil: number }, deadUntil: number): void {
    if ((this.keys.get(name) ?? 0) >= deadUntil) return;
    this.keys.set(name, deadUntil);
    key.deadUntil = Math.max(key.deadUntil, deadUntil);
  }
}
