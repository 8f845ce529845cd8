import type { Reading, StreamScanner, StreamTranslator } from '#contracts';

/**
 * A stream told in the caller's dialect. It listens to itself: what is kept of the answer is what the caller got, in the
 * dialect in which it will come back as history.
 */
export class Voice {
  private readonly translated: StreamTranslator;
  private readonly own: StreamScanner;

  /** `own` has heard what the caller was sent until now. */
  constructor(translated: StreamTranslator, own: StreamScanner) {
    this.translated = translated;
    this.own = own;
  }

  /** Whole events, if any. */
  push(chunk: Uint8Array): Uint8Array | undefined {
    return this.heard(this.translated.push(chunk));
  }

  end(): Uint8Array | undefined {
    return this.heard(this.translated.end());
  }

  /** What it said last is the end. */
  get ended(): boolean {
    return this.translated.ended;
  }

  /** See `StreamScanner`. */
  get kept(): number {
    return this.own.kept;
  }
  forget(): void {
    this.own.forget();
  }

  message(): Reading['message'] {
    return this.own.read(true).message;
  }

  private heard(bytes: Uint8Array | undefined): Uint8Array | undefined {
    if (bytes) this.own.push(bytes);
    return bytes;
  }
}
