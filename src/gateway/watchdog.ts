import type { Clock, FailureKind, MonotonicMs } from '#contracts';
import { type Lag, NO_LAG } from '#kernel';

/** One wait that must not last: set it anew as often as you like, it costs an assignment. */
export interface Dog {
  /** From now on `kind` is due at `due`; replaces what was due before. `latest`: when it must end, whoever stood still meanwhile. */
  expect(kind: FailureKind, due: MonotonicMs, latest?: MonotonicMs): void;
  stop(): void;
}

/**
 * All timeouts of the gateway behind one timer. A stream moves its idle deadline with each chunk; a timer of its own per
 * chunk would cost more than the relay. The timer is set to the earliest deadline known and looks again when it fires;
 * a deadline that has moved on meanwhile is simply not due yet, and a wait that has ended leaves the timer alone, because
 * setting one per exchange costs more than waking up once for nothing.
 */
export interface Watchdog {
  watch(onDue: (kind: FailureKind) => void): Dog;
  /** Forgets every wait and lets the process end. */
  stop(): void;
}

class Wait implements Dog {
  due: MonotonicMs = Number.POSITIVE_INFINITY;
  latest: MonotonicMs = Number.POSITIVE_INFINITY;
  kind: FailureKind = 'timeout_total';
  readonly onDue: (kind: FailureKind) => void;
  private readonly waits: Waits;

  constructor(waits: Waits, onDue: (kind: FailureKind) => void) {
    this.waits = waits;
    this.onDue = onDue;
  }

  expect(kind: FailureKind, due: MonotonicMs, latest = Number.POSITIVE_INFINITY): void {
    this.kind = kind;
    this.due = due;
    this.latest = latest;
    this.waits.add(this);
  }

  stop(): void {
    this.waits.remove(this);
  }
}

/** A timer that comes so much too late, ms, tells of a loop that was held up, and not of a silence. */
const LATE = 20;
/** Until the loop has read what stood in its sockets meanwhile, ms. */
const ONE_ROUND = 1;
/** Timers go before sockets where both are due, so one round may pass without a look at a socket where the processor is taken away in it. */
const ROUNDS = 4;

class Waits implements Watchdog {
  private readonly running = new Set<Wait>();
  private wakeAt = Number.POSITIVE_INFINITY;
  /** How often this wake was put off: no further than `ROUNDS`, however late it is. */
  private putOff = 0;
  private cancel: () => void = () => undefined;
  private readonly clock: Clock;
  private readonly lag: Lag;

  constructor(clock: Clock, lag: Lag) {
    this.clock = clock;
    this.lag = lag;
  }

  watch(onDue: (kind: FailureKind) => void): Dog {
    return new Wait(this, onDue);
  }

  add(wait: Wait): void {
    this.running.add(wait);
    if (wait.due < this.wakeAt) this.schedule(wait.due);
  }

  remove(wait: Wait): void {
    this.running.delete(wait);
  }

  stop(): void {
    this.running.clear();
    this.cancel();
    this.wakeAt = Number.POSITIVE_INFINITY;
  }

  private schedule(at: MonotonicMs): void {
    this.cancel();
    this.wakeAt = at;
    this.cancel = this.clock.after(Math.max(0, at - this.clock.monotonic()), () => this.wake());
  }

  private wake(): void {
    const now = this.clock.monotonic();
    const late = now - this.wakeAt > LATE || this.lag.late(now) > 0;
    this.wakeAt = Number.POSITIVE_INFINITY;
    if (this.putOff > 0 ? this.putOff < ROUNDS : late) {
      // What came in time may still stand in a socket: without a look at it a busy machine would be taken for a silent provider.
      this.putOff++;
      this.schedule(now + ONE_ROUND);
      return;
    }
    this.putOff = 0;
    let next = Number.POSITIVE_INFINITY;
    for (const wait of this.running) {
      if (wait.due <= now && !this.spared(wait, now)) {
        this.running.delete(wait);
        wait.onDue(wait.kind);
      } else if (wait.due < next) next = wait.due;
    }
    if (next < this.wakeAt) this.schedule(next);
  }

  /**
   * What fell due while we stood still gets the time that it had left when that began: a handshake waits for both sides, and a
   * place in a line for whoever had one. The whole of an exchange is the caller's time, which went by all the same.
   */
  private spared(wait: Wait, now: MonotonicMs): boolean {
    const still = this.lag.stood(wait.due, now);
    if (!still || wait.due <= still.from || wait.kind === 'timeout_total') return false;
    wait.due += still.to - still.from;
    if (wait.due >= wait.latest) {
      wait.due = wait.latest;
      wait.kind = 'timeout_total';
    }
    return wait.due > now;
  }
}

export const createWatchdog = (clock: Clock, lag: Lag = NO_LAG): Watchdog => new Waits(clock, lag);
