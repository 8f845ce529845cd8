import type { Failure, Reading, StreamLimits, StreamScanner } from '#contracts';
import { failure } from './failures.ts';
import { isTorn, judgeUnread, mostTokens, oneEach, saidIn, thinks } from './fit.ts';
import { asBuffer, decode, isObject, type Json, parseJson } from './json.ts';
import { SameButText } from './same-but-text.ts';
import { SseReader } from './sse.ts';
import { TextRun } from './text-run.ts';

/** Larger than any delta; whole answers in one event (`response.completed`) need their own bound. */
export const MAX_EVENT_BYTES = 1024 * 1024;

/** What every dialect's scanner shares: events in, the first failure kept, nothing read after it or after the end. */
export abstract class DialectScanner implements StreamScanner {
  outputs = 0;
  ended = false;
  malformed = 0;
  spare = 0;
  abstract readonly finished: boolean;
  abstract readonly counted: boolean;
  #failure: Failure | undefined;
  readonly #sse: SseReader;
  readonly #same = new SameButText();
  /** How many events were recognised by it. */
  #alike = 0;
  /** Their text, not appended yet. */
  readonly #run = new TextRun();
  /** The beginning of the first event with output. */
  #known: string | undefined;
  /** Of the malformed events, those that surely held a piece of the answer, and those that may have. */
  #pieces = 0;
  #broken = 0;
  /** Of the malformed events, those that say nothing. */
  #blank = 0;
  /** Characters that were given to it and to `append`, and of them those that are no longer kept. */
  #taken = 0;
  #gone = 0;
  #forgets = false;
  /** Set by `event` when all the event did was append this text; `append` then does the same with another. */
  protected appended: string | undefined;

  constructor(limits: StreamLimits | undefined, maxEventBytes = MAX_EVENT_BYTES) {
    this.#sse = new SseReader(
      (name, data) => this.#take(name, data),
      limits?.maxEventBytes ?? maxEventBytes,
      (name, line) => this.#dataless(name, line),
    );
  }

  get started(): boolean {
    return this.outputs > 0;
  }
  get failure(): Failure | undefined {
    return this.#failure;
  }
  get events(): number {
    return this.#sse.events + this.#alike;
  }
  get pending(): number {
    return this.#sse.pending;
  }

  push(chunk: Uint8Array): void {
    const bytes = asBuffer(chunk);
    const at = this.#sse.pending === 0 && !this.ended && this.#failure === undefined ? this.#skip(bytes) : 0;
    if (at === bytes.length) return;
    this.#same.forget();
    this.#sse.push(at === 0 ? bytes : bytes.subarray(at));
    if (this.ended) this.spare = this.closes(bytes, bytes.length - this.#sse.unread) ? 0 : this.#sse.unread;
    if (this.#sse.overflow)
      this.#failure ??= failure(
        'malformed',
        'The provider sent an event larger than the limit for one event.',
      );
  }

  read(closed: boolean): Reading {
    if (closed && !this.ended && this.#failure === undefined) {
      const rest = this.#sse.rest();
      // A last event without its blank line counts if it is whole; half an event is a cut, not nonsense.
      if (rest && (this.isTerminator(rest.data) || parseJson(rest.data) !== undefined))
        this.#take(rest.name, rest.data);
    }
    this.#settle();
    const reading = this.#asHeard(this.reading(closed));
    return this.malformed === 0 ? reading : this.#marked(reading);
  }

  /** An answer with events left out is whole only as far as nothing of it is known to have been in them. */
  #marked(reading: Reading): Reading {
    const { malformed } = this;
    if (reading.failure || malformed === this.#blank || !this.#lost(reading))
      return { ...reading, malformed };
    const hint = 'Events of the stream could not be read, and what arrived is less than the whole answer.';
    return { ...reading, malformed, outcome: 'invalid', failure: failure('malformed', hint) };
  }

  #lost({ usage, toolCalls, message, forgotten }: Reading): boolean {
    const matches = this.matchesWhole();
    if (matches !== undefined) return !matches;
    if (this.#pieces > 0) return true;
    // Arguments of tools have to be whole JSON anyway, and nobody knows what a call costs beside them.
    if (usage.basis !== 'reported' || toolCalls > 0 || forgotten) return false;
    const body = message();
    const answer = body && parseJson(decode(body))?.value;
    if (thinks(answer)) return false;
    const said = saidIn(answer);
    return oneEach(usage.output, this.outputs, this.#broken, said) || usage.output > mostTokens(said);
  }

  get kept(): number {
    return this.#taken + this.#run.length - this.#gone;
  }

  forget(): void {
    this.#settle();
    this.#forgets = true;
    this.#gone = this.#taken;
    this.shed();
  }

  #asHeard(reading: Reading): Reading {
    if (!this.#forgets) return reading;
    return { ...reading, textLength: this.#gone, forgotten: true, message: () => undefined };
  }

  /** Where the dialect repeats the whole answer at its end: are its pieces the same? */
  protected matchesWhole(): boolean | undefined {
    return undefined;
  }

  /** Data that ends a stream without being JSON. */
  protected isTerminator(_data: string): boolean {
    return false;
  }
  /** Is what stands behind the end, from `at` on, one more way to say the same? */
  protected closes(_bytes: Buffer, _at: number): boolean {
    return false;
  }
  protected append(_text: string): void {}
  /** Lets go of the text so far, but for a beginning that says that there was some. */
  protected abstract shed(): void;
  protected abstract event(name: string, data: Json): Failure | undefined;
  protected abstract reading(closed: boolean): Reading;

  /** Takes events that are as the one before but for their text; says where the first of another kind begins. */
  #skip(bytes: Buffer): number {
    const same = this.#same;
    let at = 0;
    while (at < bytes.length) {
      const end = same.match(bytes, at);
      if (end === 0 || end - at > this.#sse.maxEventBytes) break;
      this.#alike++;
      if (same.to > same.from) {
        this.outputs++;
        if (this.#forgets) this.#taken = this.#gone += same.to - same.from;
        else this.#run.add(bytes, same.from, same.to);
      }
      at = end;
    }
    return at;
  }

  #settle(): void {
    const text = this.#run.take();
    if (text === undefined) return;
    this.#taken += text.length;
    if (this.#forgets) {
      this.#gone = this.#taken;
      return;
    }
    // Each of its pieces was counted when it came.
    const { outputs } = this;
    this.append(text);
    this.outputs = outputs;
  }

  /** What has no data is none of our business, unless it is what is left of a piece of the answer. */
  #dataless(name: string, line: string): void {
    if (this.ended || this.#failure !== undefined || this.finished) return;
    if (isTorn(name, line, this.#known)) this.#torn();
  }

  #torn(): void {
    if (this.started) {
      this.malformed++;
      this.#pieces++;
    } else this.#failure = failure('malformed', 'The provider sent an event without its data.');
  }

  #leaveOut(name: string, data: string): void {
    this.malformed++;
    // Behind the reason for the end nothing of the answer can come.
    const unread = this.finished ? 'noise' : judgeUnread(name, data, this.#known);
    if (unread === 'piece') this.#pieces++;
    else if (unread === 'event') this.#broken++;
  }

  /** Counts an event with output, and lets go of it where nothing is kept. */
  #weigh(length: number): void {
    this.#taken += this.appended?.length ?? Math.max(0, length - FRAME);
    if (!this.#forgets) return;
    this.#gone = this.#taken;
    this.shed();
  }

  #take(name: string, data: string): void {
    if (this.ended || this.#failure !== undefined) return;
    if (data === '') {
      // There are clients that read the nothing as JSON.
      if (!this.finished && isTorn(name, '', this.#known)) {
        this.#torn();
        return;
      }
      this.malformed++;
      this.#blank++;
      return;
    }
    this.#settle();
    if (this.isTerminator(data)) {
      this.ended = true;
      this.#sse.stop();
      return;
    }
    const parsed = parseJson(data);
    if (!parsed || !isObject(parsed.value)) {
      // One bad event is no reason to lose a good answer; before any output nothing is lost by asking somebody else.
      if (this.started) {
        this.#leaveOut(name, data);
        return;
      }
      this.#failure = failure('malformed', 'The provider sent an event that is not a JSON object.');
      return;
    }
    this.appended = undefined;
    const { outputs } = this;
    this.#failure = this.event(name, parsed.value);
    if (this.outputs > outputs) {
      this.#known ??= Buffer.from(data.slice(0, KNOWN)).toString();
      this.#weigh(data.length);
    }
    // Set by the event, which the compiler does not see.
    if (this.ended as boolean) this.#sse.stop();
    const { block } = this.#sse;
    if (this.appended === undefined || block === undefined) this.#same.forget();
    else this.#same.learn(block, this.appended);
  }
}

const KNOWN = 64;
/** Of an event, characters that are its frame, about. */
const FRAME = 256;

/** The failure of a stream that closed before it said why. */
export const cutFailure = (started: boolean): Failure =>
  started
    ? failure('cut', "The provider's stream ended before it said why; what came so far is incomplete.")
    : failure('empty', "The provider's stream ended before it brought anything.");
