import type { RestOfAnswer, Seam, Usage } from '#contracts';
import { NO_USAGE } from '#contracts';
import { estimateOutput } from '../shared/estimate.ts';
import type { End, EventReader, Open } from '../translate/neutral.ts';
import { Relay } from '../translate/stream.ts';
import type { StreamWriter } from '../translate/writer.ts';
import { joint } from './seam.ts';
import type { Tail } from './tail.ts';

/** Ends at which nothing of use has come unless something was said before. */
const NOTHING: ReadonlySet<End['outcome']> = new Set([
  'refusal',
  'content_filter',
  'tool',
  'invalid',
  'error',
]);

/** Writes the rest of one text into the stream that has begun: thoughts stay unsaid, all but text is not the rest. */
class RestWriter implements StreamWriter {
  ended = false;
  unusable = false;
  readonly #tail: Tail;
  readonly #joint;
  readonly #before: Usage;
  #out = '';
  #open: Open['kind'] | undefined;
  /** Characters that came, said before or not. */
  #came = 0;
  #said = false;

  constructor(tail: Tail, by: Seam, before: Usage) {
    this.#tail = tail;
    this.#joint = joint(tail.text, by);
    this.#before = before;
  }

  take(): string {
    const out = this.#out;
    this.#out = '';
    return out;
  }

  begin(): void {}
  cite(): void {}
  close(): void {
    this.#open = undefined;
  }

  open({ kind }: Open): void {
    this.#open = kind;
    if (kind === 'call' || kind === 'refusal') this.unusable = true;
  }

  piece(text: string): void {
    if (this.unusable || this.#open !== 'text') return;
    this.#came += text.length;
    this.#say(this.#joint.push(text));
  }

  end(end: End): void {
    if (this.unusable) return;
    this.#say(this.#joint.end());
    if (this.#joint.broken || (!this.#said && NOTHING.has(end.outcome))) {
      this.unusable = true;
      return;
    }
    const rest = end.usage ?? { ...NO_USAGE, output: estimateOutput(this.#came) };
    this.#out += this.#tail.end({ ...end, usage: sum(this.#before, rest) });
    this.ended = true;
  }

  #say(text: string): void {
    if (this.#joint.broken) this.unusable = true;
    if (text === '' || this.unusable) return;
    this.#said = true;
    this.#out += this.#tail.piece(text);
  }
}

/** Both were worked for and both are billed. */
const sum = (a: Usage, b: Usage): Usage => ({
  input: a.input + b.input,
  cacheRead: a.cacheRead + b.cacheRead,
  cacheWrite: a.cacheWrite + b.cacheWrite,
  cacheWriteLong: a.cacheWriteLong + b.cacheWriteLong,
  output: a.output + b.output,
  reasoning: a.reasoning + b.reasoning,
  audioIn: a.audioIn + b.audioIn,
  audioOut: a.audioOut + b.audioOut,
  imageIn: a.imageIn + b.imageIn,
  imageOut: a.imageOut + b.imageOut,
  basis: a.basis === 'reported' && b.basis === 'reported' ? 'reported' : 'estimated',
});

export class Rest extends Relay implements RestOfAnswer {
  readonly #rest: RestWriter;

  constructor(
    tail: Tail,
    by: Seam,
    before: Usage,
    reader: (sink: StreamWriter) => EventReader,
    maxEventBytes: number,
  ) {
    const rest = new RestWriter(tail, by, before);
    super(reader(rest), rest, maxEventBytes);
    this.#rest = rest;
  }

  get unusable(): boolean {
    return this.#rest.unusable;
  }
}
