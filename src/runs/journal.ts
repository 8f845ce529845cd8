import type { Clock, Log, RunLine, RunStore } from '#contracts';

/** Long enough to gather the lines of all runs under way into one write, short enough that nobody watching notices. */
const GATHER = 40;
/** One statement of this size is written in milliseconds. */
const AT_ONCE = 2_000;
const AGAIN = 500;
/** Written down nowhere yet; beyond this the providers are made to wait. */
const MOST_BYTES = 16 * 1024 ** 2;

/**
 * Lines on their way into the database, those of all runs together. A line is told to nobody before it is stored: a number
 * that a watcher has seen must never stand for another line after a crash.
 */
export class Journal {
  private readonly store: RunStore;
  private readonly clock: Clock;
  private readonly log: Log;
  private queue: RunLine[] = [];
  private bytes = 0;
  /** Lines ever added and ever stored. */
  private added = 0;
  private stored = 0;
  private readonly waiting = new Set<{ readonly until: number; readonly done: () => void }>();
  private cancel: (() => void) | undefined;
  private writing: Promise<void> | undefined;
  private failing = false;
  private stopped = false;
  private readonly watchers = new Map<string, Set<() => void>>();
  private readonly drained = new Set<() => void>();

  constructor({ store, clock, log }: { store: RunStore; clock: Clock; log: Log }) {
    this.store = store;
    this.clock = clock;
    this.log = log;
  }

  /** More is waiting than should be. */
  get full(): boolean {
    return this.bytes > MOST_BYTES;
  }

  add(line: RunLine): void {
    this.queue.push(line);
    this.added++;
    this.bytes += line.data.length;
    if (!this.writing) this.cancel ??= this.clock.after(GATHER, () => this.begin());
  }

  /** Resolves when everything added before is stored, whatever is added meanwhile; or when the journal has stopped. */
  flush(): Promise<void> {
    if (this.stored >= this.added || this.stopped) return Promise.resolve();
    this.begin();
    return new Promise((done) => {
      this.waiting.add({ until: this.added, done });
    });
  }

  /** Calls `tell` after each line of the run, of this process or told by `changed`; the returned function ends it. */
  watch(run: string, tell: () => void): () => void {
    const known = this.watchers.get(run) ?? new Set();
    this.watchers.set(run, known.add(tell));
    return () => {
      known.delete(tell);
      if (known.size === 0) this.watchers.delete(run);
    };
  }

  changed(run: string): void {
    for (const tell of this.watchers.get(run) ?? []) tell();
  }

  /** Calls `go` once when there is room again. */
  whenRoom(go: () => void): void {
    this.drained.add(go);
  }

  stop(): void {
    this.stopped = true;
    this.cancel?.();
    this.cancel = undefined;
    for (const { done } of this.waiting) done();
    this.waiting.clear();
  }

  private begin(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.writing ??= this.write().finally(() => {
      this.writing = undefined;
    });
  }

  private async write(): Promise<void> {
    while (this.queue.length > 0 && !this.stopped) {
      const batch = this.queue.slice(0, AT_ONCE);
      try {
        await this.store.append(batch);
      } catch (error) {
        // What is not stored waits; runs go on while the database is away.
        if (!this.failing) this.log('warn', 'lines of runs cannot be stored yet', { error: String(error) });
        this.failing = true;
        await this.clock.sleep(AGAIN);
        continue;
      }
      this.failing = false;
      this.queue = this.queue.slice(batch.length);
      this.stored += batch.length;
      this.bytes -= batch.reduce((sum, line) => sum + line.data.length, 0);
      for (const one of this.waiting) if (one.until <= this.stored && this.waiting.delete(one)) one.done();
      for (const run of new Set(batch.map((line) => line.run))) this.changed(run);
      if (!this.full) this.makeRoom();
      if (this.queue.length > 0 && this.queue.length < AT_ONCE) await this.clock.sleep(GATHER);
    }
  }

  private makeRoom(): void {
    const waiting = [...this.drained];
    this.drained.clear();
    for (const go of waiting) go();
  }
}
