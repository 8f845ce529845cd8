import type { Clock, Fields, MonotonicMs } from '#contracts';
import { LinkedMap } from '#kernel';

/** An answer that is over, as it is given again. */
export interface Kept {
  readonly status: number;
  readonly headers: Fields;
  readonly streamed: boolean;
  readonly body: Uint8Array;
  /** Hash of what was asked. */
  readonly fingerprint: string;
  /** Told when it has to make room before its time. */
  readonly dropped?: () => void;
}

interface Shelved extends Kept {
  readonly until: MonotonicMs;
  readonly bytes: number;
}

/** What an entry costs beside its body: names, values and the map's own share, by a generous guess. */
const OVERHEAD = 1_024;

/** Finished answers for a bounded time in bounded memory; the oldest makes room first, since it is the least likely to be asked for again. */
export class Shelf {
  private readonly clock: Clock;
  private readonly limits: () => { readonly keep: number; readonly memory: number };
  private readonly kept = new LinkedMap<string, Shelved>();
  private cancel: (() => void) | undefined;
  /** Bytes held here and, as told by `account`, by answers under way. */
  bytes = 0;

  constructor(clock: Clock, limits: () => { readonly keep: number; readonly memory: number }) {
    this.clock = clock;
    this.limits = limits;
  }

  get size(): number {
    return this.kept.size;
  }

  get(name: string): Kept | undefined {
    const found = this.kept.get(name);
    return found && found.until > this.clock.monotonic() ? found : undefined;
  }

  put(name: string, answer: Kept): void {
    const { keep, memory } = this.limits();
    const bytes = answer.body.length + OVERHEAD;
    if (bytes > memory || keep === 0) return;
    this.remove(name);
    this.kept.set(name, { ...answer, bytes, until: this.clock.monotonic() + keep });
    this.account(bytes);
    this.watch();
  }

  /** Counts bytes held elsewhere against the same bound. False when they do not fit even with the shelf cleared. */
  account(change: number): boolean {
    this.bytes += change;
    const { memory } = this.limits();
    for (let { oldest } = this.kept; oldest && this.bytes > memory; { oldest } = this.kept) {
      oldest.value.dropped?.();
      this.remove(oldest.key);
    }
    return this.bytes <= memory;
  }

  clear(): void {
    for (const [name] of this.kept) this.remove(name);
    this.cancel?.();
    this.cancel = undefined;
  }

  private remove(name: string): void {
    const found = this.kept.delete(name);
    if (found) this.bytes -= found.bytes;
  }

  /** One timer for the oldest: the map is in order of keeping, so whatever has expired stands at its head. */
  private watch(): void {
    if (this.cancel) return;
    const oldest = this.kept.oldest?.value;
    if (!oldest) return;
    this.cancel = this.clock.after(Math.max(0, oldest.until - this.clock.monotonic()), () => {
      this.cancel = undefined;
      const now = this.clock.monotonic();
      for (const [name, { until }] of this.kept) {
        if (until > now) break;
        this.remove(name);
      }
      this.watch();
    });
  }
}
