import type { Fields, Outgoing } from '#contracts';

/** The head of an answer, and whether its body came in one piece or as a stream. */
export interface Head {
  readonly status: number;
  readonly headers: Fields;
  readonly streamed: boolean;
}

export interface BroadcastEvents {
  /** What is said to the listeners, in order. */
  said(word: Head | Uint8Array | 'end' | 'break'): void;
  /** Bytes were taken in, or let go (negative). */
  held(change: number): void;
  /** Nobody listens any more, and the answer is not over. */
  deserted(): void;
  /** Somebody listens again. */
  joined(): void;
  /** The answer is over; `body` is there when it came to its end and everything of it is still held. */
  over(head: Head | undefined, body: Uint8Array | undefined): void;
}

interface Listener {
  readonly outgoing: Outgoing;
  readonly told: Fields;
  /** The next chunk it is owed. */
  at: number;
  blocked: boolean;
}

const encoder = new TextEncoder();

/**
 * One answer to many callers. Each is given everything from the start at a pace of its own: the answer is held, so the
 * fastest sets the pace of the provider, and a caller that stops reading holds up nobody. Once the answer is no longer
 * held (`letGo`) that would lose bytes, and the slowest sets the pace instead.
 */
export class Broadcast implements Outgoing {
  onLeft: (() => void) | undefined;
  onDrain: (() => void) | undefined;
  head: Head | undefined;
  private readonly events: BroadcastEvents;
  private readonly listeners = new Set<Listener>();
  private chunks: Uint8Array[] = [];
  /** Chunks before the first one that is held. */
  private gone = 0;
  private heldBytes = 0;
  private keeps = true;
  private state: 'due' | 'begun' | 'ended' | 'broken' = 'due';
  /** A `write` returned false and nobody was told yet that there is room again. */
  private waiting = false;

  constructor(events: BroadcastEvents) {
    this.events = events;
  }

  /** Everything since the start is still held, so that somebody may still join. */
  get joinable(): boolean {
    return this.keeps;
  }

  get deserted(): boolean {
    return this.running && this.listeners.size === 0;
  }

  get running(): boolean {
    return this.state === 'due' || this.state === 'begun';
  }

  /** `told`: headers that this caller alone is given. */
  join(outgoing: Outgoing, told: Fields): void {
    const listener: Listener = { outgoing, told, at: 0, blocked: false };
    if (this.listeners.size === 0) this.events.joined();
    this.listeners.add(listener);
    outgoing.onLeft = () => this.leave(listener);
    outgoing.onDrain = () => {
      listener.blocked = false;
      this.pump(listener);
      this.makeRoom();
    };
    if (this.head?.streamed) this.open(listener, this.head);
  }

  /** Memory is short: from now on only what somebody is still owed is held. */
  letGo(): void {
    this.keeps = false;
    this.trim();
  }

  /** Gives the answer up; whoever makes it is told that nobody wants it. */
  giveUp(): void {
    if (!this.running) return;
    this.finish('broken');
    this.onLeft?.();
  }

  send(status: number, headers: Fields, body: Uint8Array | string): void {
    if (this.state !== 'due') return;
    this.start({ status, headers, streamed: false });
    this.take(body);
    this.finish('ended');
  }

  begin(status: number, headers: Fields): void {
    if (this.state !== 'due') return;
    this.start({ status, headers, streamed: true });
  }

  write(bytes: Uint8Array | string): boolean {
    if (this.state !== 'begun') return true;
    this.take(bytes);
    for (const listener of this.listeners) this.pump(listener);
    this.trim();
    this.waiting = !this.hasRoom();
    return !this.waiting;
  }

  end(): void {
    if (this.state === 'begun') this.finish('ended');
  }

  break(): void {
    if (this.running) this.finish('broken');
  }

  private start(head: Head): void {
    this.head = head;
    this.state = 'begun';
    this.events.said(head);
    if (!head.streamed) return;
    for (const listener of this.listeners) this.open(listener, head);
  }

  private take(part: Uint8Array | string): void {
    const bytes = typeof part === 'string' ? encoder.encode(part) : part;
    if (bytes.length === 0) return;
    this.chunks.push(bytes);
    this.heldBytes += bytes.length;
    this.events.held(bytes.length);
    this.events.said(bytes);
  }

  private open(listener: Listener, { status, headers }: Head): void {
    listener.outgoing.begin(status, { ...headers, ...listener.told });
    this.pump(listener);
  }

  private pump(listener: Listener): void {
    const { outgoing } = listener;
    const end = this.gone + this.chunks.length;
    while (!listener.blocked && listener.at < end) {
      const chunk = this.chunks[listener.at - this.gone] as Uint8Array;
      listener.at++;
      listener.blocked = !outgoing.write(chunk);
    }
    if (this.running || listener.at < end) return;
    this.dismiss(listener);
    if (this.state === 'ended') outgoing.end();
    else outgoing.break();
  }

  private finish(state: 'ended' | 'broken'): void {
    this.state = state;
    this.events.said(state === 'ended' ? 'end' : 'break');
    const { head } = this;
    const body = state === 'ended' && this.keeps ? joined(this.chunks) : undefined;
    if (head && !head.streamed) this.deliver(head, body ?? joined(this.chunks));
    else if (!head) for (const listener of [...this.listeners]) this.drop(listener);
    else for (const listener of [...this.listeners]) this.pump(listener);
    // Let go before the whole is told, or it would be counted twice; what the slow are still owed stays held.
    this.letGo();
    this.events.over(head, body);
  }

  private deliver({ status, headers }: Head, body: Uint8Array): void {
    for (const listener of [...this.listeners]) {
      this.dismiss(listener);
      listener.outgoing.send(status, { ...headers, ...listener.told }, body);
    }
  }

  private drop(listener: Listener): void {
    this.dismiss(listener);
    listener.outgoing.break();
  }

  private dismiss(listener: Listener): void {
    listener.outgoing.onLeft = undefined;
    listener.outgoing.onDrain = undefined;
    this.listeners.delete(listener);
    if (!this.running) this.trim();
  }

  private leave(listener: Listener): void {
    this.listeners.delete(listener);
    this.trim();
    if (!this.running) return;
    if (this.listeners.size === 0) this.events.deserted();
    this.makeRoom();
  }

  private hasRoom(): boolean {
    if (this.listeners.size === 0) return true;
    // Held: one who reads is enough. Not held any more: one who does not is too much.
    for (const { blocked } of this.listeners) if (blocked !== this.keeps) return this.keeps;
    return !this.keeps;
  }

  private makeRoom(): void {
    if (!this.waiting || !this.running || !this.hasRoom()) return;
    this.waiting = false;
    this.onDrain?.();
  }

  private trim(): void {
    if (this.keeps) return;
    let first = this.gone + this.chunks.length;
    for (const { at } of this.listeners) first = Math.min(first, at);
    const dropped = this.chunks.splice(0, first - this.gone);
    this.gone = first;
    const bytes = dropped.reduce((sum, chunk) => sum + chunk.length, 0);
    if (bytes === 0) return;
    this.heldBytes -= bytes;
    this.events.held(-bytes);
  }
}

/** A copy of its own: a chunk may be a small view of a large read, and would keep all of it. */
function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
