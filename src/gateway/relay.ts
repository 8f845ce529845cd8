import type { Clock, Failure, Reading } from '#contracts';
import type { Line, OpenStream } from './attempt.ts';
import { abandon, expect } from './attempt.ts';
import { fromError, seen } from './failures.ts';
import { Gaps } from './gaps.ts';

/** How a relayed stream ended: once, whoever ended it. */
export interface RelayEnd {
  readonly reading: Reading;
  readonly failure?: Failure;
  readonly gaps: Gaps;
}

export interface RelayContext {
  readonly clock: Clock;
  readonly stream: OpenStream;
  readonly idle: number;
  readonly deadline: number;
  /** An error event in the caller's dialect. */
  writeError(failure: Failure): string;
  /** Bytes to add after a clean end, or undefined. */
  lastWords(reading: Reading): string | undefined;
  onEnd(end: RelayEnd): void;
  /** Adds time spent in our own code. */
  own(ms: number): void;
}

/** After a reason for the end only usage and terminator may follow; a provider that leaves the socket open is not waited for. */
const GRACE_AFTER_FINISH = 2_000;
/** After the terminator nothing may follow but the end of the connection, worth a moment so that it can be reused. */
const GRACE_AFTER_END = 250;
/** Between the error event and the break of the connection: the event must be read before the reset overtakes it. */
const BEFORE_BREAK = 10;

const encoder = new TextEncoder();

/** Raised into a caller's stream so that its connection breaks: a cut stream is never closed cleanly. */
export class BrokenStream extends Error {
  override readonly name = 'BrokenStream';
}

/**
 * Passes chunks on as they are, reading them on the way. Pull by pull, so that a slow caller slows the upstream and
 * nothing piles up between; a caller that leaves cancels the upstream.
 */
export function relay(ctx: RelayContext): ReadableStream<Uint8Array> {
  const { clock, stream } = ctx;
  const { reader, scanner, line } = stream;
  const gaps = new Gaps();
  const whole = wholeEvents(scanner);
  let opening: Uint8Array | undefined = whole(join(stream.held));
  let last = clock.monotonic();
  let over = false;
  let breaking = false;

  const end = (failure?: Failure) => {
    if (over) return;
    over = true;
    line.dog.stop();
    ctx.onEnd({ reading: scanner.read(true), ...(failure && { failure }), gaps });
  };
  const closeWell = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const rest = whole();
    if (rest) controller.enqueue(rest);
    const words = ctx.lastWords(scanner.read(true));
    if (words) controller.enqueue(encoder.encode(words));
    controller.close();
    end();
  };
  /** Says what happened, unless the provider's own error event just did, and lets the next pull break the connection. */
  const breakOff = (
    controller: ReadableStreamDefaultController<Uint8Array>,
    failure: Failure,
    told: boolean,
  ) => {
    end(failure);
    abandon(line, reader);
    breaking = true;
    if (!told) controller.enqueue(encoder.encode(ctx.writeError(failure)));
  };

  /** Reads once; true when something was sent or the stream is over. */
  const step = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<boolean> => {
    waitForMore(ctx, line);
    let part: Awaited<ReturnType<typeof reader.read>>;
    try {
      part = await reader.read();
    } catch (error) {
      if (over) return true;
      // Whatever became of the connection after the reason for the end, the answer is whole.
      if (scanner.finished) closeWell(controller);
      else breakOff(controller, seen(line.cause ?? fromError(error, 'body')), false);
      return true;
    }
    const now = clock.monotonic();
    if (part.done) {
      // The last event may lack its blank line; reading to the end counts it.
      const ended = scanner.read(true).finish !== undefined;
      if (scanner.failure) breakOff(controller, scanner.failure, false);
      else if (ended) closeWell(controller);
      else breakOff(controller, seen('cut'), false);
      return true;
    }
    gaps.add(now - last);
    last = now;
    scanner.push(part.value);
    const ready = whole(part.value);
    if (scanner.failure) {
      const told = scanner.failure.kind !== 'malformed';
      if (told && ready) controller.enqueue(ready);
      breakOff(controller, scanner.failure, told);
      return true;
    }
    // A terminator without a reason for the end would make half an answer look whole; it is not passed on.
    if (scanner.ended && !scanner.finished) {
      breakOff(controller, seen('cut'), false);
      return true;
    }
    if (ready) controller.enqueue(ready);
    ctx.own(clock.monotonic() - now);
    return ready !== undefined;
  };

  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (breaking) {
        await clock.sleep(BEFORE_BREAK);
        controller.error(new BrokenStream('the answer broke off'));
        return;
      }
      if (opening) {
        controller.enqueue(opening);
        opening = undefined;
        return;
      }
      // One pull gives one chunk; what completes no event yet gives none, so it reads on.
      for (let sent = false; !sent && !over; ) sent = await step(controller);
    },
    cancel() {
      if (over) return;
      // A client that has read the terminator, or the reason for the end, may hang up: it has everything.
      end(scanner.finished || scanner.ended ? undefined : seen('client_left'));
      abandon(line, reader);
    },
  });
}

/**
 * Holds back the beginning of an event until it is whole: an error event written after half a line would be read as part of
 * it. Takes what was just pushed into the scanner and gives what may go out; without an argument it gives what is held.
 */
function wholeEvents(scanner: OpenStream['scanner']): (chunk?: Uint8Array) => Uint8Array | undefined {
  let held: Uint8Array[] = [];
  return (chunk) => {
    const pending = chunk ? scanner.pending : 0;
    if (chunk && pending > 0 && pending >= chunk.length) {
      held.push(chunk);
      return undefined;
    }
    const ready = chunk ? [...held, chunk.subarray(0, chunk.length - pending)] : held;
    held = chunk && pending > 0 ? [chunk.subarray(chunk.length - pending)] : [];
    return ready.length > 0 ? join(ready) : undefined;
  };
}

const join = (chunks: readonly Uint8Array[]): Uint8Array =>
  chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);

function waitForMore(ctx: RelayContext, line: Line): void {
  const { scanner } = ctx.stream;
  const ms = scanner.ended ? GRACE_AFTER_END : scanner.finished ? GRACE_AFTER_FINISH : ctx.idle;
  expect(line, ctx.clock, ctx.deadline, 'timeout_idle', ms);
}
