import type {
  Clock,
  Failure,
  FailureKind,
  MonotonicMs,
  Outgoing,
  Protocol,
  Reading,
  StreamScanner,
} from '#contracts';
import { type Flight, join, type StreamTaker } from './attempt.ts';
import { seen } from './failures.ts';
import { Gaps } from './gaps.ts';
import { lastEvent, readableEvents, throughFailure, withoutEvents } from './readable-events.ts';
import { Voice } from './voice.ts';

/** How a relayed stream ended: once, whoever ended it. */
export interface RelayEnd {
  readonly reading: Reading;
  readonly failure?: Failure;
  readonly gaps: Gaps;
}

export interface RelayContext {
  readonly clock: Clock;
  /** What the caller speaks. */
  readonly protocol: Protocol;
  readonly flight: Flight;
  readonly outgoing: Outgoing;
  /** Events that the caller did not ask for, and we did. */
  readonly leftOut: ((event: Uint8Array) => boolean) | undefined;
  /** An error event in the caller's dialect. */
  writeError(failure: Failure): string;
  /** Bytes to add after a clean end, or undefined. */
  lastWords(reading: Reading): string | undefined;
  onEnd(end: RelayEnd): void;
  /** Adds time spent in our own code. */
  own(ms: number): void;
}

/**
 * Passes chunks on as they are, reading them on the way. A caller that is slower than its provider pauses the provider's
 * connection, so nothing piles up between; a caller that leaves closes it.
 */
export class Relay implements StreamTaker {
  private readonly ctx: RelayContext;
  private readonly scanner: StreamScanner;
  private readonly gaps = new Gaps();
  private last: MonotonicMs;
  /** The beginning of an event that is not whole yet. */
  private held: Uint8Array[] = [];
  private over = false;
  /** Malformed events left out so far. */
  private dropped = 0;
  private readonly voice: Voice | undefined;

  constructor(ctx: RelayContext) {
    this.ctx = ctx;
    this.scanner = ctx.flight.scanner as StreamScanner;
    this.last = ctx.clock.monotonic();
    this.voice = ctx.flight.speech && new Voice(ctx.flight.speech, ctx.protocol);
    ctx.outgoing.onLeft = () => this.left();
    ctx.outgoing.onDrain = () => this.drained();
  }

  opening(chunks: readonly Uint8Array[]): void {
    const ready = this.ready(join(chunks));
    if (!ready || this.write(ready)) this.ctx.flight.waitForMore(this.last);
  }

  data(chunk: Uint8Array): void {
    const { ctx, scanner } = this;
    const now = ctx.clock.monotonic();
    this.gaps.add(now - this.last);
    this.last = now;
    scanner.push(chunk);
    const ready = this.ready(chunk);
    if (scanner.failure) {
      // The provider's own error event tells the caller what happened; a line that nobody can read does not.
      const told = scanner.failure.kind !== 'malformed' && !this.voice;
      if (told && ready) ctx.outgoing.write(throughFailure(ready, ctx.protocol));
      this.breakOff(scanner.failure, told);
      return;
    }
    // What was left out may be missed; then the terminator must not make the rest look whole.
    if (scanner.ended && scanner.malformed > 0 && scanner.read(false).outcome === 'invalid') {
      this.breakOff(seen('malformed'), false);
      return;
    }
    // A terminator without a reason for the end would make half an answer look whole; it is not passed on.
    if (scanner.ended && !scanner.finished) {
      this.breakOff(seen('cut'), false);
      return;
    }
    if (!ready || this.write(ready)) ctx.flight.waitForMore(now);
    ctx.own(ctx.clock.monotonic() - now);
  }

  end(): void {
    // The last event may lack its blank line; reading to the end counts it.
    const ended = this.scanner.read(true).finish !== undefined;
    if (this.scanner.failure) this.breakOff(this.scanner.failure, false);
    else if (ended) this.closeWell();
    else this.breakOff(seen('cut'), false);
  }

  broken(cause: FailureKind): void {
    // Whatever became of the connection after the reason for the end, the answer is whole.
    if (this.scanner.finished) this.closeWell();
    else this.breakOff(seen(cause === 'reset' ? 'cut' : cause), false);
  }

  private left(): void {
    if (this.over) return;
    // A caller that has read the terminator, or the reason for the end, may hang up: it has everything.
    const whole = this.scanner.finished || this.scanner.ended;
    this.finish(whole ? undefined : seen('client_left'));
    this.ctx.flight.abandon();
  }

  private drained(): void {
    if (this.over) return;
    this.last = this.ctx.clock.monotonic();
    this.ctx.flight.resume(this.last);
  }

  private write(bytes: Uint8Array): boolean {
    if (this.ctx.outgoing.write(bytes)) return true;
    this.ctx.flight.pause();
    return false;
  }

  private closeWell(): void {
    if (this.over) return;
    const { outgoing, flight } = this.ctx;
    flight.abandon();
    const reading = this.scanner.read(true);
    if (reading.outcome === 'invalid' && reading.malformed) {
      this.breakOff(seen('malformed'), false);
      return;
    }
    const { protocol, leftOut } = this.ctx;
    const rest = this.voice ? this.voice.end() : lastEvent(this.held, protocol);
    if (rest && !leftOut?.(rest)) outgoing.write(rest);
    const { terminator } = protocol;
    // Clients wait for it, and some take an answer without it for a broken one.
    if (!this.scanner.ended && !this.voice && terminator) outgoing.write(terminator);
    const words = this.ctx.lastWords(reading);
    if (words) outgoing.write(words);
    // First the record: what a caller has got must not be lost with us a moment later.
    this.finish();
    outgoing.end();
  }

  /** Says what happened, unless the provider's own error event just did, and breaks the connection. */
  private breakOff(failure: Failure, told: boolean): void {
    if (this.over) return;
    const { outgoing, flight } = this.ctx;
    flight.abandon();
    if (!told) outgoing.write(this.ctx.writeError(failure));
    outgoing.break();
    this.finish(failure);
  }

  private finish(failure?: Failure): void {
    this.over = true;
    this.ctx.outgoing.onLeft = undefined;
    this.ctx.outgoing.onDrain = undefined;
    const reading = this.scanner.read(true);
    const { voice } = this;
    this.ctx.onEnd({
      reading: voice ? { ...reading, message: voice.message() } : reading,
      ...(failure && { failure }),
      gaps: this.gaps,
    });
  }

  /** What may go out of what was just pushed into the scanner. */
  private ready(chunk: Uint8Array): Uint8Array | undefined {
    if (this.voice) return this.voice.push(chunk);
    const whole = this.wholeEvents(chunk);
    const { leftOut } = this.ctx;
    const ready = leftOut && whole ? withoutEvents(whole, leftOut) : whole;
    if (this.scanner.malformed === this.dropped || !ready) return ready;
    this.dropped = this.scanner.malformed;
    return readableEvents(ready, this.ctx.protocol);
  }

  /**
   * Holds back the beginning of an event until it is whole: an error event written after half a line would be read as part
   * of it. Takes what was just pushed into the scanner and gives what may go out.
   */
  private wholeEvents(chunk: Uint8Array): Uint8Array | undefined {
    const { pending } = this.scanner;
    if (pending === 0 && this.held.length === 0) return chunk;
    if (pending >= chunk.length) {
      this.held.push(chunk);
      return undefined;
    }
    const ready = chunk.subarray(0, chunk.length - pending);
    const out = this.held.length > 0 ? join([...this.held, ready]) : ready;
    this.held = pending > 0 ? [chunk.subarray(chunk.length - pending)] : [];
    return out;
  }
}
