import type { Clock, FailureKind, MonotonicMs } from '#contracts';

/** One wait that must not last: set it anew as often as you like, it costs an assignment. */
export interface Dog {
  /** From now on `kind` is due in `ms`; replaces what was due before. */
  expect(kind: FailureKind, ms: number): void;
  stop(): void;
}

/**
 * All timeouts of the gateway behind one timer. A stream moves its idle deadline with each chunk; a timer of its own per
 * chunk would cost more than the relay. The timer is set to the earliest deadline known and looks again when it fires;
 * a deadline that has moved on meanwhile is simply not due yet.
 */
export interface Watchdog {
  watch(onDue: (kind: FailureKind) => void): Dog;
}

interface Entry {
  due: MonotonicMs;
  kind: FailureKind;
  readonly onDue: (kind: FailureKind) => void;
}

export function createWatchdog(clock: Clock): Watchdog {
  const entries = new Set<Entry>();
  let wakeAt = Number.POSITIVE_INFINITY;
  let cancel: () => void = () => undefined;

  const wake = () => {
    wakeAt = Number.POSITIVE_INFINITY;
    const now = clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    for (const entry of entries) {
      if (entry.due <= now) {
        entries.delete(entry);
        entry.onDue(entry.kind);
      } else if (entry.due < next) next = entry.due;
    }
    if (next < wakeAt) schedule(next);
  };
  const schedule = (at: MonotonicMs) => {
    cancel();
    wakeAt = at;
    cancel = clock.after(Math.max(0, at - clock.monotonic()), wake);
  };

  return {
    watch(onDue) {
      const entry: Entry = { due: Number.POSITIVE_INFINITY, kind: 'timeout_total', onDue };
      return {
        expect(kind, ms) {
          entry.kind = kind;
          entry.due = clock.monotonic() + ms;
          entries.add(entry);
          if (entry.due < wakeAt) schedule(entry.due);
        },
        stop() {
          entries.delete(entry);
          if (entries.size === 0 && wakeAt !== Number.POSITIVE_INFINITY) {
            cancel();
            wakeAt = Number.POSITIVE_INFINITY;
          }
        },
      };
    },
  };
}
