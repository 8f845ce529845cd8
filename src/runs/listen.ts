import type { Fields, Outcome, Outgoing, Protocol, StreamScanner } from '#contracts';
import { eventReader } from './events.ts';
import type { Given } from './judge.ts';

export interface ListenPorts {
  readonly protocol: Protocol;
  /** One event of a streamed answer. */
  line(name: string, data: string): void;
  /** Too much is waiting to be written down. */
  full(): boolean;
  whenRoom(go: () => void): void;
  over(given: Given): void;
}

/** The one who asked, as the data plane sees it: hears an answer to its end, and may leave before. */
export class Listener implements Outgoing {
  onDrain: (() => void) | undefined;
  private leave: (() => void) | undefined;
  private readonly ports: ListenPorts;
  private readonly scanner: StreamScanner;
  private readonly events: ReturnType<typeof eventReader>;
  private head: { readonly status: number; readonly headers: Fields } | undefined;
  private done = false;
  private gone = false;

  constructor(ports: ListenPorts) {
    this.ports = ports;
    this.scanner = ports.protocol.scanStream();
    this.events = eventReader(ports.line);
  }

  /** Set late by whoever answers; one who has left already is told so at once. */
  set onLeft(told: (() => void) | undefined) {
    this.leave = told;
    if (this.gone) told?.();
  }

  get onLeft(): (() => void) | undefined {
    return this.leave;
  }

  /** Of the exchange under way, once its answer has begun. */
  get exchange(): string | undefined {
    return this.head?.headers['x-midwatch-exchange'];
  }

  /** A tool call has been told, so somebody may have acted on it. */
  get acted(): boolean {
    return this.scanner.read(false).toolCalls > 0;
  }

  /** Hears no more; `over` is not called after it. */
  hangUp(): void {
    this.done = true;
    this.gone = true;
    this.leave?.();
  }

  send(status: number, headers: Fields, body: Uint8Array | string): void {
    if (this.done || this.head) return;
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    if (headers['content-type']?.startsWith('text/event-stream')) {
      // A canned answer to one who asked for a stream comes in one piece.
      this.begin(status, headers);
      this.write(bytes);
      this.end();
      return;
    }
    this.head = { status, headers };
    this.finish(headers['x-midwatch-outcome'] as Outcome | undefined, bytes, false);
  }

  begin(status: number, headers: Fields): void {
    if (!this.head) this.head = { status, headers };
  }

  write(part: Uint8Array | string): boolean {
    if (this.done) return true;
    const bytes = typeof part === 'string' ? new TextEncoder().encode(part) : part;
    this.scanner.push(bytes);
    this.events.push(bytes);
    if (!this.ports.full()) return true;
    this.ports.whenRoom(() => this.onDrain?.());
    return false;
  }

  end(): void {
    this.events.end();
    const reading = this.scanner.read(true);
    this.finish(this.scanner.failure ? 'error' : reading.outcome, reading.message(), false);
  }

  break(): void {
    this.events.end();
    const reading = this.scanner.read(true);
    this.finish(this.scanner.failure ? 'error' : 'cut', reading.message(), true);
  }

  private finish(outcome: Outcome | undefined, body: Uint8Array | undefined, broken: boolean): void {
    if (this.done) return;
    this.done = true;
    const { status, headers } = this.head ?? { status: 500, headers: {} };
    // Where the exchange knows better than the stream, as with a canned answer, it says so in the head.
    const told = headers['x-midwatch-outcome'] as Outcome | undefined;
    this.ports.over({ status, headers, outcome: told ?? outcome ?? 'error', broken, body });
  }
}
