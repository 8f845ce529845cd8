import type { Json } from '../shared/json.ts';
import type { End } from '../translate/neutral.ts';

/** A stream of one dialect as far as it came, and how it goes on. */
export interface Tail {
  /** What was said. */
  readonly text: string;
  /** Events that say more. */
  piece(text: string): string;
  /** The events that end it. */
  end(end: End): string;
}

export interface SentEvent {
  readonly name: string;
  readonly data: Json;
}

/** Reads what a caller got; undefined where that is anything but the beginning of one plain text. */
export type ReadTail = (ask: Json, sent: readonly SentEvent[]) => Tail | undefined;
