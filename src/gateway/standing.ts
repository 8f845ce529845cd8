import type { Clock, Failure, Target } from '#contracts';
import { sha256 } from '#kernel';
import { createParkState, type ParkState, park, parkedFor, parkSucceeded } from '#kernel/resilience';
import { SEMANTICS } from './semantics.ts';
import type { Try } from './walk.ts';

/** How long a key that its provider refused is left alone before one call may look again, milliseconds. */
const KEY_RECHECK = 60_000;

/**
 * Where every target stands: parked because it is full, or behind a key that its provider refuses. Kept by name, so that it
 * outlives a reload of the configuration, and looked up by target, because that is what the hot path holds.
 */
export class Standing {
  private readonly clock: Clock;
  private readonly byTarget = new WeakMap<Target, TargetStanding>();
  private readonly parks = new Map<string, ParkState>();
  private readonly keys = new Map<string, KeyStanding>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Milliseconds until ordinary traffic may go there; 0 when it may now. */
  closedFor(target: Target): number {
    const { park: state, key } = this.of(target);
    if (state.until === 0 && key.deadUntil === 0) return 0;
    const now = this.clock.now();
    return Math.max(parkedFor(state, now), key.deadUntil - now, 0);
  }

  /** Is it the provider's refusal of the key that closes it? */
  refusesKey(target: Target): boolean {
    return this.of(target).key.deadUntil > this.clock.now();
  }

  failed(one: Try, { kind, after, status }: Failure): void {
    const { condemns } = SEMANTICS[kind];
    if (condemns === 'nobody') return;
    const { park: state, key } = this.of(one.target);
    const now = this.clock.now();
    // A 403 may mean this one model or place; a 401, or an empty account, is about the key.
    const wholeKey = condemns === 'key' && status !== 403;
    if (wholeKey) key.deadUntil = now + KEY_RECHECK;
    else {
      const wait = condemns === 'key' ? KEY_RECHECK : after;
      park(state, {
        now,
        startedAt: one.startedAt,
        random: () => this.clock.random(),
        ...(wait !== undefined && { wait }),
      });
    }
  }

  succeeded(one: Try): void {
    const { park: state, key } = this.of(one.target);
    parkSucceeded(state, one.startedAt);
    key.deadUntil = 0;
  }

  private of(target: Target): TargetStanding {
    const known = this.byTarget.get(target);
    if (known) return known;
    const fresh = {
      park: found(this.parks, `${target.provider}/${target.model ?? '*'}`, createParkState),
      key: found(this.keys, `${target.provider}/${sha256(target.apiKey ?? '')}`, () => ({ deadUntil: 0 })),
    };
    this.byTarget.set(target, fresh);
    return fresh;
  }
}

interface TargetStanding {
  readonly park: ParkState;
  readonly key: KeyStanding;
}

interface KeyStanding {
  deadUntil: number;
}

function found<T>(map: Map<string, T>, key: string, create: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  const fresh = create();
  map.set(key, fresh);
  return fresh;
}
