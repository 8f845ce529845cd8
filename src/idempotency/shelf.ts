import type { Clock, Fields, MonotonicMs } from '#contracts';
import { Pages } from './pages.ts';

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

type Head = Omit<Kept, 'body' | 'dropped'>;

/** Finished answers for a bounded time in bounded memory; the oldest makes room first, since it is the least likely to be asked for again. */
export class Shelf {
  private readonly clock: Clock;
  private readonly limits: () => { readonly keep: number; readonly memory: number };
  private readonly pages = new Pages();
  private readonly dropped = new Map<string, () => void>();
  private cancel: (() => void) | undefined;
  /** Of answers under way, as told by `account`. */
  private elsewhere = 0;

  constructor(clock: Clock, limits: () => { readonly keep: number; readonly memory: number }) {
    this.clock = clock;
    this.limits = limits;
  }

  get size(): number {
    return this.pages.size;
  }

  /** Bytes held here and elsewhere. */
  get bytes(): number {
    return this.pages.bytes + this.elsewhere;
  }

  get(name: string): Kept | undefined {
    const found = this.pages.get(name);
    if (!found || found.until <= this.clock.monotonic()) return undefined;
    return { ...(JSON.parse(found.head) as Head), body: found.body };
  }

  put(name: string, { body, dropped, ...head }: Kept): void {
    const { keep, memory } = this.limits();
    if (body.length > memory || keep === 0) return;
    this.dropped.delete(name);
    const until = (this.clock.monotonic() + keep) as MonotonicMs;
    this.pages.put({ name, head: JSON.stringify(head satisfies Head), body, until });
    if (dropped) this.dropped.set(name, dropped);
    this.makeRoom();
    this.watch();
  }

  /** Counts bytes held elsewhere against the same bound. False when they do not fit even with the shelf cleared. */
  account(change: number): boolean {
    this.elsewhere += change;
    if (change > 0) this.makeRoom();
    return this.bytes <= this.limits().memory;
  }

  clear(): void {
    this.pages.clear();
    this.dropped.clear();
    this.cancel?.();
    this.cancel = undefined;
  }

  private makeRoom(): void {
    const { memory } = this.limits();
    while (this.bytes > memory && this.pages.oldest !== undefined) {
      const name = this.pages.dropOldest();
      if (name === undefined) continue;
      this.dropped.get(name)?.();
      this.dropped.delete(name);
    }
  }

  /** One timer for the oldest: pages are in order of keeping, so whatever has expired stands at their head. */
  private watch(): void {
    const { oldest } = this.pages;
    if (this.cancel || oldest === undefined) return;
    this.cancel = this.clock.after(Math.max(0, oldest - this.clock.monotonic()), () => {
      this.cancel = undefined;
      const now = this.clock.monotonic();
      for (let { oldest } = this.pages; oldest !== undefined && oldest <= now; { oldest } = this.pages) {
        const name = this.pages.dropOldest();
        if (name !== undefined) this.dropped.delete(name);
      }
      this.watch();
    });
  }
}
