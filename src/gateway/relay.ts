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
  const { held, reader, scanner, line } = stream;
  const gaps = new Gaps();
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

  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (breaking) {
        await clock.sleep(BEFORE_BREAK);
        controller.error(new BrokenStream('the answer broke off'));
        return;
      }
      const next = held.shift();
      if (next) {
        controller.enqueue(next);
        return;
      }
      waitForMore(ctx, line);
      let part: Awaited<ReturnType<typeof reader.read>>;
      try {
        part = await reader.read();
      } catch (error) {
        if (over) return;
        // Whatever became of the connection after the reason for the end, the answer is whole.
        if (scanner.finished || scanner.ended) closeWell(controller);
        else breakOff(controller, seen(line.cause ?? fromError(error, 'body')), false);
        return;
      }
      const now = clock.monotonic();
      if (part.done) {
        if (scanner.failure) breakOff(controller, scanner.failure, false);
        else if (scanner.finished || scanner.ended) closeWell(controller);
        else breakOff(controller, seen('cut'), false);
        return;
      }
      gaps.add(now - last);
      last = now;
      scanner.push(part.value);
      if (scanner.failure) {
        const told = scanner.failure.kind !== 'malformed';
        if (told) controller.enqueue(part.value);
        breakOff(controller, scanner.failure, told);
        return;
      }
      controller.enqueue(part.value);
      ctx.own(clock.monotonic() - now);
    },
    cancel() {
      if (over) return;
      // A client that has read the terminator, or the reason for the end, may hang up: it has everything.
      end(scanner.finished || scanner.ended ? undefined : seen('client_left'));
      abandon(line, reader);
    },
  });
}

function waitForMore(ctx: RelayContext, line: Line): void {
  const { scanner } = ctx.stream;
  const ms = scanner.ended ? GRACE_AFTER_END : scanner.finished ? GRACE_AFTER_FINISH : ctx.idle;
  expect(line, ctx.clock, ctx.deadline, 'timeout_idle', ms);
}
