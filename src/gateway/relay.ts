import type {
  Clock,
  Failure,
  FailureKind,
  MonotonicMs,
  Outgoing,
  Protocol,
  Reading,
  RestOfAnswer,
  StreamScanner,
} from '#contracts';
import { type Flight, join, type StreamTaker } from './attempt.ts';
import { seen } from './failures.ts';
import { Gaps } from './gaps.ts';
import type { Held } from './held.ts';
import { atFailure, lastEvent, readableEvents, withoutEvents } from './readable-events.ts';
import type { Broken, Rescued } from './takeover.ts';
import { Voice } from './voice.ts';

/** How a relayed stream ended: once, whoever ended it. */
export interface RelayEnd {
  readonly reading: Reading;
  readonly failure?: Failure;
  /** Of the attempt that runs, where that is not the one the caller was told. */
  readonly unfit?: Failure;
  readonly gaps: Gaps;
}

export interface Rescuer {
  find(broken: Broken): Promise<Rescued | undefined> | undefined;
  /** Would somebody be found now, for what was sent so far? */
  ready(sent: () => Uint8Array): boolean;
  /** The caller left while somebody was looked for. */
  gone(): void;
  /** Why nothing more may be tried. */
  stopped(): FailureKind | undefined;
}

export interface RelayContext {
  readonly clock: Clock;
  /** What the caller speaks. */
  readonly protocol: Protocol;
  readonly flight: Flight;
  readonly outgoing: Outgoing;
  /** Events that the caller did not ask for, and we did. */
  readonly leftOut: ((event: Uint8Array) => boolean) | undefined;
  /** Finds somebody to finish a stream that broke off; absent where nobody may. */
  readonly rescuer: Rescuer | undefined;
  /** An error event in the caller's dialect. */
  writeError(failure: Failure): string;
  /** Bytes to add after a clean end, or undefined. */
  lastWords(reading: Reading): string | undefined;
  onEnd(end: RelayEnd): void;
  /** What all streams keep for their records. */
  readonly texts: Held;
  /** Adds time spent in our own code. */
  own(ms: number): void;
}

/** Reading the clock costs a tenth of what it measures: in a long stream our own time is taken of one chunk in so many. */
const ONE_IN = 16;
const EACH_MEASURED = 16;

/** Of a stream, bytes: what it says is kept for the record, and one without an end would fill the memory. Four times what the longest answers with log probabilities come to. */
export const MOST_STREAMED = 256 * 1024 ** 2;

/** Of what was sent, bytes: a longer answer is not kept, and so not finished by anybody else. */
const MOST_KEPT = 1024 ** 2;

/**
 * Passes chunks on as they are, reading them on the way. A caller that is slower than its provider pauses the provider's
 * connection, so nothing piles up between; a caller that leaves closes it.
 */
export class Relay implements StreamTaker {
  private readonly ctx: RelayContext;
  private flight: Flight;
  private scanner: StreamScanner;
  private readonly gaps = new Gaps();
  private last: MonotonicMs;
  /** The beginning of an event that is not whole yet. */
  private held: Uint8Array[] = [];
  private over = false;
  private chunks = 0;
  private bytes = 0;
  /** Of `texts`, by this one. */
  private keeps = 0;
  /** Malformed events left out so far. */
  private dropped = 0;
  private voice: Voice | undefined;
  /** What was sent, while somebody else might have to finish it. */
  private sent: Uint8Array[] | undefined;
  private sentBytes = 0;
  /** Nobody speaks now: somebody is looked for who finishes the answer. */
  private waiting = false;
  /** Of somebody else, and what it was that he finishes. */
  private rest: RestOfAnswer | undefined;
  private broke: Failure | undefined;

  constructor(ctx: RelayContext) {
    this.ctx = ctx;
    this.flight = ctx.flight;
    this.scanner = ctx.flight.scanner as StreamScanner;
    this.sent = ctx.rescuer && [];
    this.last = ctx.clock.monotonic();
    const { speech } = ctx.flight;
    this.voice = speech && new Voice(speech.translator.stream(speech.context), ctx.protocol.scanStream());
    ctx.outgoing.onLeft = () => this.left();
    ctx.outgoing.onDrain = () => this.drained();
  }

  opening(chunks: readonly Uint8Array[]): void {
    const ready = this.ready(join(chunks));
    if (this.rest?.unusable) this.unfit();
    else if (!ready || this.write(ready)) this.flight.waitForMore(this.last);
  }

  data(chunk: Uint8Array): void {
    const { ctx, scanner } = this;
    const now = ctx.clock.monotonic();
    this.gaps.add(now - this.last);
    this.last = now;
    this.bytes += chunk.length;
    if (this.bytes > MOST_STREAMED) {
      this.fails(
        seen('malformed', `The provider sent more than ${MOST_STREAMED / 1024 ** 2} MiB without an end.`),
      );
      return;
    }
    scanner.push(chunk);
    const { spare } = scanner;
    if (spare > 0 && spare === chunk.length) return;
    const ready = this.ready(spare > 0 ? chunk.subarray(0, -spare) : chunk);
    if (scanner.failure) {
      this.failed(scanner.failure, ready);
      return;
    }
    if (this.rest?.unusable) {
      this.unfit();
      return;
    }
    // What was left out may be missed; then the terminator must not make the rest look whole.
    if (scanner.ended && scanner.malformed > 0 && scanner.read(false).outcome === 'invalid') {
      this.fails(seen('malformed'));
      return;
    }
    // A terminator without a reason for the end would make half an answer look whole; it is not passed on.
    if (scanner.ended && !scanner.finished) {
      this.fails(seen('cut'));
      return;
    }
    if (!ready || this.write(ready)) this.flight.waitForMore(now);
    this.weigh();
    if (this.chunks < EACH_MEASURED) ctx.own(ctx.clock.monotonic() - now);
    else if (this.chunks % ONE_IN === 0) ctx.own(ONE_IN * (ctx.clock.monotonic() - now));
    this.chunks++;
  }

  private weigh(): void {
    const { scanner, voice } = this;
    const keeps = scanner.kept + (voice?.kept ?? 0);
    if (keeps === this.keeps) return;
    const { texts } = this.ctx;
    texts.add(keeps - this.keeps);
    this.keeps = keeps;
    if (!texts.denies(keeps)) return;
    scanner.forget();
    voice?.forget();
    this.weigh();
  }

  end(): void {
    // The last event may lack its blank line; reading to the end counts it.
    const ended = this.scanner.read(true).finish !== undefined;
    if (this.scanner.failure) this.fails(this.scanner.failure);
    else if (ended) this.closeWell();
    else this.fails(seen('cut'));
  }

  broken(cause: FailureKind, hint?: string): void {
    // Whatever became of the connection after the reason for the end, the answer is whole.
    if (this.scanner.finished) this.closeWell();
    else this.fails(seen(cause === 'reset' ? 'cut' : cause, hint));
  }

  replaceable(): boolean {
    const { sent } = this;
    return sent !== undefined && this.ctx.rescuer?.ready(() => Buffer.concat(sent)) === true;
  }

  /** Our own code broke on what was said. */
  faulted(): void {
    this.breakOff(seen('internal', 'Midwatch failed inside; its log names this exchange.'));
  }

  private left(): void {
    if (this.over) return;
    if (this.waiting) {
      this.ctx.rescuer?.gone();
      return;
    }
    // A caller that has read the terminator, or the reason for the end, may hang up: it has everything.
    const whole = this.scanner.finished || this.scanner.ended;
    this.finish(whole ? undefined : seen('client_left'));
    this.flight.abandon();
  }

  private drained(): void {
    if (this.over || this.waiting) return;
    this.last = this.ctx.clock.monotonic();
    this.flight.resume(this.last);
  }

  private write(bytes: Uint8Array): boolean {
    this.keep(bytes);
    if (this.ctx.outgoing.write(bytes)) return true;
    this.flight.pause();
    return false;
  }

  private keep(bytes: Uint8Array): void {
    if (!this.sent) return;
    this.sent.push(bytes);
    this.sentBytes += bytes.length;
    if (this.sentBytes > MOST_KEPT) this.sent = undefined;
  }

  private closeWell(): void {
    if (this.over) return;
    const { outgoing, protocol, leftOut } = this.ctx;
    this.flight.abandon();
    const reading = this.scanner.read(true);
    if (reading.outcome === 'invalid' && reading.malformed) {
      this.fails(seen('malformed'));
      return;
    }
    const rest = this.voice ? this.voice.end() : lastEvent(this.held, protocol);
    if (this.rest && !this.rest.ended) {
      this.unfit();
      return;
    }
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

  /** The stream itself says that it has failed, or cannot be read. */
  private failed(failure: Failure, ready: Uint8Array | undefined): void {
    // A line that nobody can read tells the caller nothing; in another dialect the provider's own event does not either.
    if (this.voice) {
      // The end came in the same read, and was told before anybody judged what stood before it.
      if (ready && !this.voice.ended) this.write(ready);
      this.fails(failure);
    } else if (ready && failure.kind !== 'malformed') {
      const { before, told } = atFailure(ready, this.ctx.protocol);
      if (before.length > 0) this.write(before);
      this.fails(failure, told);
    } else this.fails(failure);
  }

  /** Somebody else finishes the answer, or the caller is told: in the provider's own words where there are any. */
  private fails(failure: Failure, told?: Uint8Array): void {
    if (this.over) return;
    const { sent } = this;
    const { rescuer } = this.ctx;
    this.flight.abandon();
    const rescuing =
      sent && rescuer?.find({ failure, reading: this.scanner.read(true), sent: Buffer.concat(sent) });
    if (!rescuing) {
      this.breakOff(failure, told);
      return;
    }
    this.waiting = true;
    this.broke = failure;
    void rescuing.then((rescued) => {
      this.waiting = false;
      const stopped = rescuer?.stopped();
      if (rescued) this.adopt(rescued, sent);
      else if (stopped) this.breakOff(seen(stopped));
      else this.breakOff(failure, told);
    });
  }

  /** From here on another target speaks, in the same stream. */
  private adopt({ flight, rest }: Rescued, sent: readonly Uint8Array[]): void {
    const own = this.ctx.protocol.scanStream();
    own.push(Buffer.concat(sent));
    this.flight = flight;
    this.scanner = flight.scanner as StreamScanner;
    this.voice = new Voice(rest, own);
    this.rest = rest;
    this.sent = undefined;
    this.held = [];
    this.last = this.ctx.clock.monotonic();
    flight.pipe(this);
  }

  /** Somebody else spoke, and not of the same. */
  private unfit(): void {
    if (this.over) return;
    this.breakOff(this.broke as Failure, undefined, seen('unfit'));
  }

  /** Says what happened, unless the provider's own error event does, and breaks the connection. */
  private breakOff(failure: Failure, told?: Uint8Array, unfit?: Failure): void {
    if (this.over) return;
    const { outgoing } = this.ctx;
    this.flight.abandon();
    outgoing.write(told ?? this.ctx.writeError(failure));
    outgoing.break();
    this.finish(failure, unfit);
  }

  private finish(failure?: Failure, unfit?: Failure): void {
    this.over = true;
    this.ctx.outgoing.onLeft = undefined;
    this.ctx.outgoing.onDrain = undefined;
    this.ctx.texts.add(-this.keeps);
    const reading = this.scanner.read(true);
    const { voice } = this;
    this.ctx.onEnd({
      reading: voice ? { ...reading, message: voice.message() } : reading,
      ...(failure && { failure }),
      ...(unfit && { unfit }),
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
