import type { Usage } from './exchange.ts';
import type { Prefill } from './provider.ts';
import type { StreamTranslator } from './translate.ts';

/**
 * Finishes an answer that broke off: what was said so far is read from the bytes that the caller got, another target is
 * asked for the rest, and the rest is told in the same stream as if nothing had happened.
 */
export interface Takeovers {
  /** What the caller has read; undefined where that is not the beginning of one plain text. Both in the caller's protocol. */
  begun(protocol: string, ask: Uint8Array, sent: Uint8Array): Begun | undefined;
  /** A target's ask (in the target's protocol, as it would be sent) turned into one for the rest; undefined where it cannot be. */
  ask(protocol: string, body: Uint8Array, text: string, by: Seam): Uint8Array | undefined;
}

/**
 * How the rest is asked for, and with it how it joins what was said. A prefill begins where the text stopped; after an
 * instruction the model may repeat some of it; a restart has to repeat all of it, letter for letter.
 */
export type Seam = Prefill | 'instruction' | 'restart';

export interface Begun {
  /** Never empty. */
  readonly text: string;
  /** Tells a stream of the protocol `from` as the rest. `before`: what the attempts until now have used; the caller is told the sum. */
  rest(from: string, by: Seam, before: Usage): RestOfAnswer;
}

export interface RestOfAnswer extends StreamTranslator {
  /** What came is not the rest of this text: another text, a tool call, a refusal. Nothing of it was told, and nothing more will be. */
  readonly unusable: boolean;
}
