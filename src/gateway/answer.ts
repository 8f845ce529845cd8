import type { Attempt, Clock, EpochMs, Failure, Log, MonotonicMs, Reading, Redactor } from '#contracts';
import { outcomeOf } from '#kernel';
import { saysWhen } from '#kernel/resilience';
import type { Flight, Landing } from './attempt.ts';
import { movesOn } from './failures.ts';
import { round } from './gaps.ts';
import { LEFT_OUT } from './headers.ts';
import type { Held } from './held.ts';
import { dollars, type Ending } from './record.ts';
import { withAttempts } from './refusals.ts';
import { Relay } from './relay.ts';
import type { Broken, Rescue } from './takeover.ts';
import { deferred, JSON_TYPE, retryAfter, shouldRetry, tell } from './tell.ts';
import { type Billing, closeTry, endTry, stopWalk, type Try, type Walk } from './walk.ts';

export interface AnswerContext extends Billing {
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly log: Log;
  readonly texts: Held;
  /** Records the exchange; it is over. The caller has been told: his wait is no part of what is written and learnt after it. */
  close(walk: Walk, ending: Ending): void;
  /** A stream has begun (1) or ended (-1). */
  streams(change: 1 | -1): void;
}

type Of<K extends Landing['kind']> = Extract<Landing, { kind: K }>;

/** An error of ours, in the caller's dialect, recorded. */
export function refuse(ctx: AnswerContext, walk: Walk, failure: Failure): void {
  // A hint quotes what the caller wrote, and some write a key where a name belongs.
  const hint = ctx.redactor.secrets(failure.hint).text;
  const { status, body } = walk.protocol.writeError({ ...failure, hint }, walk.id);
  const outcome = outcomeOf(failure.kind);
  const headers = tell(
    walk,
    { ...JSON_TYPE, ...retryAfter(failure), ...deferred(walk, failure), ...shouldRetry(failure, status) },
    outcome,
  );
  walk.outgoing.send(status, headers, body);
  ctx.close(walk, { outcome, failure, status });
}

export function whole(
  ctx: AnswerContext,
  walk: Walk,
  one: Try,
  landing: Of<'whole'>,
  landed: MonotonicMs,
  /** The row of the try is written already. */
  closed = false,
): void {
  const { reading, head, body } = landing;
  const { outcome, failure } = reading;
  if (!closed) endTry(one, ctx, walk, { outcome, failure, reading });
  const first = one.start - walk.start + (one.firstByte ?? 0);
  noteHead(ctx, walk, head.headers);
  const headers = tell(walk, head.headers, outcome);
  const cost = costOf(walk.attempts);
  if (cost !== undefined) headers['x-midwatch-cost-usd'] = cost;
  walk.own += ctx.clock.monotonic() - landed;
  headers['x-midwatch-overhead-ms'] = String(round(walk.own));
  walk.outgoing.send(head.status, headers, body);
  ctx.close(walk, { outcome, failure, status: head.status, reading, firstByte: first, firstToken: first });
}

export function stream(
  ctx: AnswerContext,
  walk: Walk,
  one: Try,
  { head }: Of<'streaming'>,
  landed: MonotonicMs,
  closed = false,
  rescue?: Rescue,
): void {
  ctx.streams(1);
  /** The try that speaks, as long as its row is not written. */
  let running = closed ? undefined : one;
  const offset = one.start - walk.start;
  const flight = walk.flight as Flight;
  noteHead(ctx, walk, head.headers);
  const headers = tell(walk, head.headers, undefined, one);
  walk.own += ctx.clock.monotonic() - landed;
  headers['x-midwatch-overhead-ms'] = String(round(walk.own));
  walk.outgoing.begin(head.status, headers);
  const rescuer = rescue && {
    find: (broken: Broken) =>
      rescue.find(one, broken)?.then((rescued) => {
        running = rescued?.one;
        if (rescued) walk.taken = rescued.taken;
        else notTaken(walk, one);
        return rescued;
      }),
    ready: (sent: () => Uint8Array) => rescue.ready(one, sent),
    gone: () => stopWalk(walk, 'client_left'),
    stopped: () => walk.stopped,
  };
  const relay = new Relay({
    clock: ctx.clock,
    protocol: walk.protocol,
    texts: ctx.texts,
    flight,
    outgoing: walk.outgoing,
    leftOut: one.wished ? walk.protocol.usageWish?.brings : undefined,
    rescuer,
    writeError: (failure) => walk.protocol.writeStreamError(failure, walk.id),
    lastWords: (reading) => (walk.talks ? lastWords(ctx, walk, running, reading) : undefined),
    own: (ms) => {
      walk.own += ms;
    },
    onEnd({ reading, failure, unfit, gaps }) {
      ctx.streams(-1);
      const outcome = failure ? outcomeOf(failure.kind) : reading.outcome;
      if (unfit) notTaken(walk, one);
      const end = unfit ? { outcome: outcomeOf(unfit.kind), failure: unfit } : { outcome, failure };
      // The silences of a stream that another finished are those of two targets.
      const streamed = gaps && !walk.taken ? { streamed: gaps.sum } : {};
      if (running) endTry(running, ctx, walk, { ...end, reading, ...streamed });
      ctx.close(walk, {
        outcome,
        failure,
        status: head.status,
        reading,
        gaps,
        firstByte: after(offset, one.firstByte),
        firstToken: after(offset, one.firstToken),
      });
    },
  });
  try {
    flight.pipe(relay);
  } catch (error) {
    // The head is out: whoever cannot be told by a status is told in the stream.
    ctx.log('error', 'exchange failed inside', { exchange: walk.id, error: String(error) });
    relay.faulted();
  }
}

/** The caller has what the first of them said, and nothing else. */
function notTaken(walk: Walk, { number }: Try): void {
  walk.taken = undefined;
  walk.served = walk.attempts.find((row) => row.number === number);
}

const after = (offset: number, ms: number | undefined): number | undefined =>
  ms === undefined ? undefined : offset + ms;

/** What is known only at the end of a stream, for callers that speak to Midwatch by header. */
function lastWords(ctx: AnswerContext, walk: Walk, running: Try | undefined, reading: Reading): string {
  const rows = running
    ? [...walk.attempts, closeTry(running, ctx, walk, { outcome: reading.outcome, reading })]
    : walk.attempts;
  const cost = costOf(rows);
  const bill = cost === undefined ? '' : ` cost-usd=${cost}`;
  const taken = walk.taken ? ` takeover=${walk.taken.after}` : '';
  return `: midwatch exchange=${walk.id} outcome=${reading.outcome} attempts=${rows.length}${taken}${bill}\n\n`;
}

/** Dollars of all tries together; unknown, which is not nothing, where one of them has no price. */
function costOf(rows: readonly Attempt[]): string | undefined {
  let sum = 0;
  for (const { cost } of rows) {
    if (cost.state === 'unpriced') return undefined;
    sum += cost.microUsd;
  }
  return dollars(sum);
}

/** The provider's own error passes to a caller of its dialect as it is, unless it speaks of our credential. */
export function failed(ctx: AnswerContext, walk: Walk, landing: Of<'failed'>, landed: MonotonicMs): void {
  const { failure, refusal } = landing;
  if (movesOn(failure) && canned(ctx, walk, failure)) return;
  walk.own += ctx.clock.monotonic() - landed;
  if (!refusal || failure.kind === 'provider_auth') {
    refuse(ctx, walk, withAttempts(failure, walk));
    return;
  }
  const outcome = outcomeOf(failure.kind);
  noteHead(ctx, walk, refusal.headers);
  sayWhen(refusal.headers, failure, walk.attempts.length > 1, ctx.clock.now());
  walk.outgoing.send(
    refusal.status,
    tell(walk, refusal.headers, outcome),
    masked(ctx.redactor, refusal.body),
  );
  ctx.close(walk, { outcome, failure, status: refusal.status });
}

/** Routes whose operator has been told of heads that are too large: each answer would tell him again. */
const told = new WeakSet<object>();

/** What did not pass of a provider's head is in the record of each exchange, and once a route in the log. */
function noteHead(ctx: AnswerContext, walk: Walk, headers: Readonly<Record<string, string>>): void {
  const leftOut = headers[LEFT_OUT];
  if (leftOut === undefined) return;
  walk.leftOut = leftOut;
  const route = walk.route as object;
  if (told.has(route)) return;
  told.add(route);
  ctx.log('warn', 'an answer has a head that many clients refuse; its largest fields are left out', {
    exchange: walk.id,
    route: walk.route?.name,
    fields: leftOut,
  });
}

/**
 * When the caller may come back. A provider's own word stays, in its own spelling, unless several targets were asked, since then
 * the wait of the last one is not the caller's; or unless no client can read it: one that finds no wait asks again at once.
 */
function sayWhen(headers: Record<string, string>, failure: Failure, several: boolean, now: EpochMs): void {
  if (failure.after === undefined) return;
  if (!(several && failure.kind === 'rate_limited') && saysWhen(headers['retry-after'], now)) return;
  delete headers['retry-after-ms'];
  Object.assign(headers, retryAfter(failure));
}

/**
 * The route's canned tier: a 200 with a text of the operator's, when no model answered. Whoever reads the record sees the
 * failure that led here, not a success, with what the caller was told for an answer. False when the route has none. `name`: of the one that was chosen, else the first.
 */
export function canned(ctx: AnswerContext, walk: Walk, failure: Failure, name?: string): boolean {
  const tier = walk.route?.tiers.find((t) => t.reply !== undefined && (name ?? t.name) === t.name);
  const { protocol, facets } = walk;
  const { stream, model } = facets;
  if (tier?.reply === undefined || !protocol.writeReply) return false;
  const reply = { text: tier.reply, exchange: walk.id, model, at: walk.at };
  const body = protocol.writeReply({ ...reply, stream });
  const outcome = outcomeOf(failure.kind);
  const headers = tell(walk, { 'content-type': stream ? 'text/event-stream' : 'application/json' }, outcome);
  headers['x-midwatch-tier'] = tier.name;
  headers['x-midwatch-degraded'] = tier.name;
  walk.outgoing.send(200, headers, body);
  const canned = protocol
    .readAnswer(encoder.encode(stream ? protocol.writeReply({ ...reply, stream: false }) : body))
    .message();
  ctx.close(walk, { outcome, failure, status: 200, tier: tier.name, ...(canned && { canned }) });
  return true;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Providers quote wrong keys back; a body without a secret stays the same bytes. */
function masked(redactor: Redactor, body: Uint8Array): Uint8Array | string {
  const { text, count } = redactor.secrets(decoder.decode(body));
  return count > 0 ? text : body;
}
