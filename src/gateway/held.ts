/**
 * What answers under way keep in memory, all together. A caller who does not read lets megabytes gather in the buffers of the
 * system before anything can be slowed down, and all that went that way was read here.
 */
export class Held {
  bytes = 0;
  readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  /** @param change below zero: let go */
  add(change: number): void {
    this.bytes += change;
  }

  /** May an answer that holds so much already not hold more? One of an ordinary size always may. */
  denies(own: number): boolean {
    return own > FAIR && this.bytes > this.most;
  }
}

/** More than all but a few answers come to. */
const FAIR = 1024 ** 2;
/** Text of streams, for their records; a thousand of ordinary length come to a tenth of it. */
export const MOST_TEXT = 128 * 1024 ** 2;
/** What is not sent before it is whole. */
export const MOST_UNSENT = 512 * 1024 ** 2;
