import type { Clock } from '#contracts';
import { seeded } from './seeded.ts';

export interface VirtualClock extends Clock {
  /** Runs everything due within the next `ms`, in order of due time, letting promises settle between. */
  advance(ms: number): Promise<void>;
  /** Time goes by and nothing runs, as in a process that is frozen; what fell due meanwhile runs late, with the next advance. */
  stall(ms: number): void;
  /** Advances from timer to timer until `promise` settles. Rejects when nothing is due and it still hangs: a real hang, found. */
  run<T>(promise: Promise<T>): Promise<T>;
  /** Timers not yet due. */
  readonly pending: number;
}

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly fn: () => void;
  readonly every?: number;
}

/**
 * Time that moves only when told. `settle` rounds of real macrotasks run between timers, so that streams and promises of
 * the code under test come to rest before time goes on; without them a reader would see its deadline pass before its data.
 */
export function virtualClock(options: { seed?: number; start?: number; settle?: number } = {}): VirtualClock {
  const { seed = 1, start = Date.UTC(2026, 0, 5), settle = 2 } = options;
  const random = seeded(seed);
  const timers = new Map<number, Timer>();
  let time = start;
  let order = 0;

  const add = (ms: number, fn: () => void, every?: number) => {
    const id = ++order;
    const due = time + Math.max(0, ms);
    // A wait shorter than the resolution of event time would never end: whoever looks again when it is over finds it is not.
    timers.set(id, { due: ms > 0 && due === time ? time * (1 + Number.EPSILON) : due, order: id, fn, every });
    return id;
  };
  const rest = async () => {
    for (let i = 0; i < settle; i++) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  const next = (): [number, Timer] | undefined => {
    let best: [number, Timer] | undefined;
    for (const entry of timers)
      if (
        !best ||
        entry[1].due < best[1].due ||
        (entry[1].due === best[1].due && entry[1].order < best[1].order)
      )
        best = entry;
    return best;
  };
  const fire = ([id, timer]: [number, Timer]) => {
    time = Math.max(time, timer.due);
    timers.delete(id);
    // From now on, since nobody makes up for what was missed in a stall.
    if (timer.every !== undefined) timers.set(id, { ...timer, due: time + timer.every });
    timer.fn();
  };

  return {
    now: () => time,
    monotonic: () => time - start,
    after(ms, fn) {
      const id = add(ms, fn);
      return () => timers.delete(id);
    },
    soon(fn) {
      const id = add(0, fn);
      return () => timers.delete(id);
    },
    every(ms, fn) {
      const id = add(ms, fn, Math.max(1, ms));
      return () => timers.delete(id);
    },
    sleep(ms, signal) {
      if (signal?.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const done = () => {
          timers.delete(id);
          signal?.removeEventListener('abort', done);
          resolve();
        };
        const id = add(ms, done);
        signal?.addEventListener('abort', done, { once: true });
      });
    },
    random,
    randomBytes: (n) => Uint8Array.from({ length: n }, () => Math.floor(random() * 256)),
    get pending() {
      return timers.size;
    },
    stall(ms) {
      time += ms;
    },
    async advance(ms) {
      const until = time + ms;
      await rest();
      for (let due = next(); due && due[1].due <= until; due = next()) {
        fire(due);
        await rest();
      }
      time = until;
    },
    async run(promise) {
      let settled = false;
      const watched = promise.finally(() => {
        settled = true;
      });
      // The caller gets `watched`; this handler only keeps a rejection from being reported as unhandled meanwhile.
      watched.catch(() => undefined);
      for (;;) {
        await rest();
        if (settled) return watched;
        const due = next();
        if (due) fire(due);
        else {
          await rest();
          await rest();
          if (settled) return watched;
          if (!next()) throw new Error('virtual time: nothing is due and the promise still hangs');
        }
      }
    },
  };
}
