import type {
  AnswerTaker,
  Clock,
  Failure,
  FailureKind,
  Fields,
  MonotonicMs,
  Outcome,
  Protocol,
  Reading,
  Route,
  RouteConfig,
  StreamScanner,
  TranslateContext,
  Translator,
  Transport,
  TransportCall,
  TransportRequest,
  TransportTrouble,
} from '#contracts';
import type { Lag } from '#kernel';
import { seen, unreachable } from './failures.ts';
import { fair } from './fair.ts';
import { keepsShape } from './fallbacks/parity.ts';
import { type Awaited, GRACE } from './grace.ts';
import { answerHeaders } from './headers.ts';
import { type Held, MOST_UNSENT } from './held.ts';
import { isEvents, isJson, mislabelled } from './mislabelled.ts';
import type { Stall } from './stalls.ts';
import { unrecorded } from './unrecorded.ts';
import { requestId, type Try, type Walk } from './walk.ts';
import type { Dog, Watchdog } from './watchdog.ts';

/** Where a try has come to when the caller may be told something, or another target may be tried. */
export type Landing =
  | {
      readonly kind: 'whole';
      readonly head: Head;
      readonly body: Uint8Array;
      readonly reading: Reading;
    }
  /** Past the commit gate: the first real output has been seen and is held, nothing has been sent. */
  | { readonly kind: 'streaming'; readonly head: Head }
  | {
      readonly kind: 'failed';
      readonly failure: Failure;
      readonly reading?: Reading;
      readonly refusal?: Refusal;
      /** An answer all the same, for want of a better one: the route wants another where it can be had. */
      readonly unwanted?: Exclude<Landing, { kind: 'failed' }>;
    };

/** What passes on of an answer's head. */
export interface Head {
  readonly status: number;
  readonly headers: Record<string, string>;
}

/** The provider's own error answer, which passes to a caller of the same dialect as it is. */
export interface Refusal extends Head {
  readonly body: Uint8Array;
}

/** Takes a stream over once it has been committed to. */
export interface StreamTaker {
  /** Everything seen up to the commit, scanned already. */
  opening(chunks: readonly Uint8Array[]): void;
  data(chunk: Uint8Array): void;
  end(): void;
  /** It was cut, by the provider or by us. */
  broken(cause: FailureKind, hint?: string): void;
  /** Could somebody else finish it, were it cut now? */
  replaceable(): boolean;
}

export interface TryContext {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly watchdog: Watchdog;
  readonly lag: Lag;
  /** Shared with all others. */
  readonly unsent: Held;
  /** What the target speaks. */
  readonly protocol: Protocol;
  readonly walk: Walk;
  readonly one: Try;
  /** When the whole exchange must be over. */
  readonly deadline: MonotonicMs;
  readonly request: TransportRequest;
  /** Between the target's protocol and the caller's, where they differ. */
  readonly speech?: Speech | undefined;
}

/** A translator with what it has to know of this exchange. */
export interface Speech {
  readonly translator: Translator;
  readonly context: TranslateContext;
}

/** Cut before its time where that is allowed, and else when its time has come. */
interface Patient {
  readonly kind: FailureKind;
  readonly due: MonotonicMs;
  may(): boolean;
  readonly hint: string;
}

type Stage = 'sent' | 'whole' | 'refused' | 'mislabelled' | 'opening' | 'streaming' | 'over';

/**
 * One call on its way: told by the transport what arrives, it lands once and, where that is a stream, hands the rest to
 * whoever takes it over. It can be cut at any moment, with the reason why.
 */
export class Flight implements AnswerTaker {
  readonly scanner: StreamScanner | undefined;
  readonly speech: Speech | undefined;
  private readonly ctx: TryContext;
  private readonly route: RouteConfig;
  /** Commits only to an answer that is known to be complete. */
  private readonly buffered: boolean;
  /** Its answer is looked through before anybody is served with it. */
  private readonly exercised: boolean;
  private readonly land: (landing: Landing) => void;
  private readonly dog: Dog;
  private stage: Stage = 'sent';
  private call: TransportCall | undefined;
  private head_: Head = NO_HEAD;
  private fields: Fields = {};
  /** Bytes that nobody has taken yet: of a body, or of a stream up to its commit. */
  private held: Uint8Array[] = [];
  private heldBytes = 0;
  private taker: StreamTaker | undefined;
  /** What is due where impatience is not allowed; undefined while that is not what is waited for. */
  private patient: Patient | undefined;
  /** How much output had come when some last came. */
  private outputs = 0;
  private lastOutput: MonotonicMs = 0;
  /** What is still to come of a stream that is all but over, and since when no more than that is. */
  private awaited: Awaited | undefined;
  private awaitedSince: MonotonicMs = 0;
  /** What came between the commit and the taker, in order. */
  private missed: ((taker: StreamTaker) => void)[] | undefined;

  constructor(ctx: TryContext, land: (landing: Landing) => void) {
    this.ctx = ctx;
    this.land = land;
    this.speech = ctx.speech;
    this.route = (ctx.walk.route as Route).config;
    this.exercised = isExercised(ctx);
    this.buffered = this.route.buffer === 'whole' || this.exercised;
    const { stream, choices } = ctx.walk.facets;
    // In another dialect an ask is put as one for one choice.
    this.scanner = stream
      ? ctx.protocol.scanStream(choices > 1 && !ctx.speech ? { choices } : undefined)
      : undefined;
    this.dog = ctx.watchdog.watch((kind) => this.due(kind));
  }

  start(): void {
    const { ctx } = this;
    this.expect('timeout_connect', this.route.timeouts.connect);
    const call = ctx.transport(ctx.request, this);
    this.call = call;
    // Cut by a callback that ran before the call was known.
    if (this.over) call.cancel();
  }

  private get over(): boolean {
    return this.stage === 'over';
  }

  /** The nearer of a step's own limit and the end of the exchange; infinity leaves only that end. */
  expect(kind: FailureKind, ms: number, now = this.ctx.clock.monotonic()): void {
    this.patient = undefined;
    const due = now + ms;
    if (this.ctx.deadline < due) this.dog.expect('timeout_total', this.ctx.deadline);
    else this.dog.expect(kind, due, this.ctx.deadline);
  }

  /** Until the first output: the nearer of a step's own limit and of what is normal for the hour. */
  private awaitFirst(kind: FailureKind, ms: number, now = this.ctx.clock.monotonic()): void {
    const { impatience } = this.ctx.one;
    this.expect(kind, ms, now);
    if (!impatience || impatience.at >= Math.min(now + ms, this.ctx.deadline)) return;
    this.patient = { kind, due: now + ms, may: impatience.may, hint: impatience.hint };
    this.dog.expect('timeout_first_token', impatience.at, this.ctx.deadline);
  }

  private due(kind: FailureKind): void {
    const { patient } = this;
    this.patient = undefined;
    if (kind === 'timeout_headers' && !this.scanner) this.cut(kind, NOT_WHOLE);
    else if (!patient) this.cut(kind);
    else if (patient.may()) this.cut(kind, patient.hint);
    else this.expect(patient.kind, patient.due - this.ctx.clock.monotonic());
  }

  /** Once it streams: the nearer of the step's own limit and of what is too long a silence for this target. */
  private awaitMore(kind: FailureKind, ms: number, now: MonotonicMs, stall: Stall): void {
    this.expect(kind, ms, now);
    const at = Math.ceil(this.lastOutput + stall.ms);
    if (at >= Math.min(now + ms, this.ctx.deadline)) return;
    const may = () => (this.stage === 'streaming' ? this.taker?.replaceable() === true : stall.may());
    this.patient = { kind, due: now + ms, may, hint: stall.hint };
    this.dog.expect('timeout_content', at, this.ctx.deadline);
  }

  /** Ends the call for a reason of ours, which becomes the failure of the try. */
  cut(cause: FailureKind, hint?: string): void {
    if (this.over || (cause === 'timeout_idle' && this.commitWhole())) return;
    const { stage, taker } = this;
    this.abandon();
    if (taker) taker.broken(cause, hint);
    else if (stage === 'streaming') this.later((late) => late.broken(cause, hint));
    else this.fails(seen(cause, hint), this.scanner?.read(false));
  }

  /** Ends the call and tells nobody. */
  abandon(): void {
    this.stage = 'over';
    this.dog.stop();
    this.call?.cancel();
    this.letGo();
  }

  pause(): void {
    this.expect('timeout_total', Number.POSITIVE_INFINITY);
    this.call?.pause();
  }

  /** What the caller kept waiting is not the provider's silence. */
  resume(now: MonotonicMs): void {
    this.lastOutput = now;
    this.awaited = undefined;
    this.waitForMore(now);
    this.call?.resume();
  }

  /** How long what comes next of a stream that has begun may take; pings keep it from idling, not from being without content. */
  waitForMore(now: MonotonicMs): void {
    const { ended, finished, outputs } = this.scanner as StreamScanner;
    const { stall } = this.ctx.one;
    if (outputs !== this.outputs) {
      if (stall && this.outputs > 0) {
        const its = fair(now - this.lastOutput, this.ctx.lag.late(now));
        if (its !== undefined) stall.silence(its);
      }
      this.outputs = outputs;
      this.lastOutput = now;
    }
    if (ended || finished) {
      this.waitForEnd(now);
      return;
    }
    const { idle, content } = this.route.timeouts;
    const left = this.lastOutput + content - now;
    const kind = left < idle ? 'timeout_content' : 'timeout_idle';
    if (stall) this.awaitMore(kind, Math.min(left, idle), now, stall);
    else this.expect(kind, Math.min(left, idle), now);
  }

  /** Counted from what brought it so far: comments that go on for ever do not make it go on for ever. */
  private waitForEnd(now: MonotonicMs): void {
    const { ended, counted } = this.scanner as StreamScanner;
    const awaited = ended ? 'close' : this.ctx.one.asksUsage && !counted ? 'usage' : 'terminator';
    if (awaited !== this.awaited) {
      this.awaited = awaited;
      this.awaitedSince = now;
    }
    this.expect('timeout_idle', GRACE[awaited], this.awaitedSince);
  }

  /** Hands over a stream that has landed: first what is held, then what comes. */
  pipe(taker: StreamTaker): void {
    this.taker = taker;
    taker.opening(this.letGo());
    for (const tell of this.missed ?? []) tell(taker);
    this.missed = undefined;
  }

  private later(tell: (taker: StreamTaker) => void): void {
    this.missed = this.missed ?? [];
    this.missed.push(tell);
  }

  /* ── what the transport tells ── */

  connected(): void {
    const { one, clock } = this.ctx;
    const now = clock.monotonic();
    one.sent = true;
    one.connected = now - one.start;
    this.lags(one.start, now);
    const { headers, whole } = this.route.timeouts;
    // A unary answer has no head before it is made, so a limit on its head would be one on its length.
    if (this.scanner) this.awaitFirst('timeout_headers', headers, now);
    else this.expect('timeout_headers', whole ?? Number.POSITIVE_INFINITY, now);
  }

  private first(now: MonotonicMs): void {
    const { one } = this.ctx;
    if (one.firstToken !== undefined) return;
    one.firstToken = now - one.start;
    this.lags(one.start + (one.headers ?? 0), now);
  }

  /** How much of the time since `from` may be ours, who looked only now. */
  private lags(from: MonotonicMs, now: MonotonicMs): void {
    const late = this.ctx.lag.late(now);
    if (late === 0) return;
    const { one, walk } = this.ctx;
    const own = Math.min(late, now - from);
    one.late += own;
    // Of several that race the time is the same.
    if (!walk.rivals) walk.own += own;
  }

  resent(): void {
    this.ctx.one.resent = true;
  }

  head(status: number, fields: Fields): void {
    const { one, clock } = this.ctx;
    const now = clock.monotonic();
    const headers = answerHeaders(fields);
    this.head_ = { status, headers };
    this.fields = fields;
    one.status = status;
    one.headers = now - one.start;
    this.lags(one.start + (one.connected ?? 0), now);
    one.providerRequestId = requestId(headers);
    if (headers['x-midwatch-cassette'] !== undefined) one.replayed = true;
    one.paid?.told(fields, clock.now());
    const type = headers['content-type'] ?? '';
    // Types have no case, but there are clients to whom they have.
    if (SHOUTED.test(type)) headers['content-type'] = type.replace(/^[^;]*/, (name) => name.toLowerCase());
    if (status < 200 || status >= 300) this.stage = 'refused';
    else if (!this.scanner) this.stage = isJson(type) ? 'whole' : 'mislabelled';
    else if (isEvents(type)) {
      this.stage = 'opening';
      this.awaitFirst('timeout_first_token', this.route.timeouts.firstToken, now);
    } else this.stage = 'mislabelled';
  }

  data(chunk: Uint8Array): void {
    switch (this.stage) {
      case 'streaming':
        if (this.taker) this.taker.data(chunk);
        else this.later((taker) => taker.data(chunk));
        return;
      case 'opening':
        this.open(chunk);
        return;
      case 'over':
        return;
      default:
        this.hold(chunk, MOST_BODY);
    }
  }

  end(): void {
    const { stage } = this;
    switch (stage) {
      case 'streaming':
        this.dog.stop();
        if (this.taker) this.taker.end();
        else this.later((taker) => taker.end());
        return;
      case 'opening':
        // The last event may lack its blank line; reading to the end counts it.
        if (this.scanner?.read(true).finish !== undefined && this.commitWhole()) return;
        this.fails(seen(this.scanner?.events === 0 ? 'empty' : 'cut'), this.scanner?.read(false));
        return;
      case 'over':
        return;
      default: {
        const body = join(this.letGo());
        this.landed(stage === 'whole' ? this.whole(body) : this.refused(body));
      }
    }
  }

  fail({ kind, detail }: TransportTrouble): void {
    switch (this.stage) {
      case 'streaming':
        this.dog.stop();
        if (this.taker) this.taker.broken(kind);
        else this.later((taker) => taker.broken(kind));
        return;
      case 'over':
        return;
      default:
        if (this.commitWhole()) return;
        this.fails(kind === 'connect' ? unreachable(detail) : seen(kind), this.scanner?.read(false));
    }
  }

  /** Keeps what nobody takes yet, within a bound: a provider that talks without end must not fill the memory. */
  private hold(chunk: Uint8Array, most: number): boolean {
    const { unsent } = this.ctx;
    this.heldBytes += chunk.length;
    unsent.add(chunk.length);
    const denied = unsent.denies(this.heldBytes);
    if (this.heldBytes <= most && !denied) {
      this.held.push(chunk);
      return true;
    }
    const reading = this.scanner?.read(false);
    this.abandon();
    this.fails(
      denied
        ? seen('no_target', NO_ROOM)
        : seen('malformed', `The provider sent more than ${most / MIB} MiB before it came to the point.`),
      reading,
    );
    return false;
  }

  private letGo(): Uint8Array[] {
    const { held } = this;
    this.ctx.unsent.add(-this.heldBytes);
    this.heldBytes = 0;
    this.held = [];
    return held;
  }

  /* ── landings ── */

  private landed(landing: Landing): void {
    this.stage = landing.kind === 'streaming' ? 'streaming' : 'over';
    if (landing.kind !== 'streaming') {
      this.dog.stop();
      this.letGo();
    }
    this.land(landing);
  }

  private fails(failure: Failure, reading?: Reading): void {
    this.landed({ kind: 'failed', failure, ...(reading && { reading }) });
  }

  private open(chunk: Uint8Array): void {
    const { one, clock } = this.ctx;
    const scanner = this.scanner as StreamScanner;
    const now = clock.monotonic();
    one.firstByte ??= now - one.start;
    if (!this.hold(chunk, this.buffered ? MOST_BODY : MOST_OPENING)) return;
    scanner.push(chunk);
    if (scanner.spare > 0) this.held.push((this.held.pop() as Uint8Array).subarray(0, -scanner.spare));
    if (scanner.failure) {
      const { failure } = scanner;
      this.abandon();
      this.fails(failure, scanner.read(false));
    } else if (scanner.ended && !scanner.finished) {
      // A terminator without a reason for the end would make half an answer, or none, look whole.
      this.abandon();
      this.fails(seen(scanner.started ? 'cut' : 'empty'), scanner.read(false));
    } else if (scanner.ended && scanner.malformed > 0 && scanner.read(false).outcome === 'invalid') {
      this.abandon();
      this.fails(seen('malformed'), scanner.read(false));
    } else if (scanner.started || scanner.finished) {
      // A reason for the end without output is an answer (a filter's, say).
      if (scanner.started) this.first(now);
      if (this.buffered && !scanner.ended) this.waitForMore(now);
      else this.commitUnlessUnwanted(scanner);
    }
  }

  /** A buffered answer that has its reason for the end is whole, whatever became of the connection. */
  private commitWhole(): boolean {
    const { scanner } = this;
    if (!this.buffered || this.stage !== 'opening' || !scanner?.finished || scanner.failure) return false;
    this.commit();
    this.dog.stop();
    this.call?.cancel();
    this.later((taker) => taker.end());
    return true;
  }

  /** A refusal without a word of output can still be routed around. */
  private commitUnlessUnwanted(scanner: StreamScanner): void {
    const reading = scanner.started && !this.buffered ? undefined : scanner.read(false);
    const failure = reading && this.objection(reading);
    if (!failure) {
      this.commit();
      return;
    }
    const head = this.speech ? plainHead(this.head_) : this.head_;
    this.stage = 'streaming';
    this.dog.stop();
    this.land({ kind: 'failed', failure, reading, unwanted: { kind: 'streaming', head } });
  }

  /** Why another answer is wanted, where one can be had. */
  private objection(reading: Reading): Failure | undefined {
    if (this.exercised && keepsShape(this.ctx.walk.body as Uint8Array, reading.message()) === false)
      return seen('malformed', 'The answer breaks the schema that its ask declares.');
    return this.refusal(reading.outcome);
  }

  /** Refusals are answers, unless the route says that it wants another. */
  private refusal(outcome: Outcome): Failure | undefined {
    if (outcome !== 'refusal' && outcome !== 'content_filter') return undefined;
    if (!this.route.fallbackOn.includes(outcome)) return undefined;
    return seen(
      outcome === 'refusal' ? 'refused' : 'content_filter',
      'The answer was a refusal, and this route asks another target then (fallbackOn).',
    );
  }

  private commit(): void {
    this.landed({ kind: 'streaming', head: this.speech ? plainHead(this.head_) : this.head_ });
  }

  private whole(body: Uint8Array): Landing {
    const { one, clock, protocol } = this.ctx;
    const reading = protocol.readAnswer(body);
    const now = clock.monotonic();
    this.first(now);
    one.firstByte = one.firstToken;
    // A turn that pauses, or an answer still in the queue, is not good, but it is an answer with a reason for its end.
    const paused = reading.finish !== undefined && reading.failure?.kind === 'cut';
    if (reading.failure && !paused) return { kind: 'failed', failure: reading.failure, reading };
    const landing = this.said(body, reading);
    return landing.kind === 'whole' ? this.wanted(landing) : landing;
  }

  private wanted(landing: Extract<Landing, { kind: 'whole' }>): Landing {
    const { reading } = landing;
    const failure = this.objection(reading);
    return failure ? { kind: 'failed', failure, reading, unwanted: landing } : landing;
  }

  /** The answer as the caller's dialect writes it. */
  private said(body: Uint8Array, reading: Reading): Landing {
    const { speech, walk } = this.ctx;
    if (!speech) return { kind: 'whole', head: this.head_, body, reading };
    const told = speech.translator.answer(body, speech.context);
    if (!told.ok) return { kind: 'failed', failure: told.error, reading };
    // What is kept is what the caller got, in the dialect in which it will come back as history.
    const { message } = walk.protocol.readAnswer(told.value);
    return { kind: 'whole', head: plainHead(this.head_), body: told.value, reading: { ...reading, message } };
  }

  private refused(body: Uint8Array): Landing {
    const { protocol } = this.ctx;
    const { status, headers } = this.head_;
    if (this.stage === 'mislabelled')
      return mislabelled(protocol, headers['content-type'] ?? '', !!this.scanner, body);
    const failure =
      unrecorded(status, this.fields, body) ??
      protocol.readError(status, this.fields, body, this.ctx.clock.now());
    // An error of another dialect means nothing to the caller's client, and a redirect would take the prompt elsewhere.
    if (this.speech || status < 400) return { kind: 'failed', failure };
    return { kind: 'failed', failure, refusal: { status, headers, body } };
  }
}

const MIB = 1024 ** 2;
/** Of a stream before its first output: comments, pings, an opening event. */
const MOST_OPENING = 4 * MIB;
/** Of a whole answer, or of a stream that is kept back until it is whole: pictures and sound come as text. */
const MOST_BODY = 128 * MIB;

const NO_ROOM = `Answers that are not sent before they are whole fill all the room that there is for them (${MOST_UNSENT / MIB} MiB), and this one is large; try again in a moment, or ask for a stream.`;
const NOT_WHOLE = 'The provider had no whole answer within timeouts.whole.';
const SHOUTED = /^[^;]*[A-Z]/;
const NO_HEAD: Head = { status: 0, headers: {} };

/** Of another dialect's head only this means anything to the caller. */
const plainHead = ({ status, headers }: Head): Head => ({
  status,
  headers: { 'content-type': headers['content-type'] ?? 'application/json' },
});

export const join = (chunks: readonly Uint8Array[]): Uint8Array =>
  chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);

/** A caller who was sent to a fallback on purpose is not to pay for it with arguments that his program cannot read. */
const isExercised = ({ walk, one }: TryContext): boolean =>
  walk.source === 'exercise' &&
  one.tier !== walk.route?.tiers[0] &&
  (walk.facets.tools > 0 || walk.facets.structured);
