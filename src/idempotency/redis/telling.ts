import type { Clock, MonotonicMs } from '#contracts';
import type { Teller, Word } from '../shared.ts';
import type { Line } from './line.ts';
import { DROP, LISTENED, TELL } from './scripts.ts';
import { write } from './words.ts';

/** A claim outlives its holder so long: what a killed replica asked is asked again after it. */
export const LEASE_MS = 6_000;
const RENEW_MS = LEASE_MS / 3;
/** Words are told together that come within so long. */
const GATHER_MS = 20;
/** Lua takes some thousands of arguments apart at once. */
const MOST_WORDS = 1_000;
/** What is not given again is still told to the end to whoever hears it. */
const LINGER_MS = 10_000;

export const listeningTo = (words: string): string => `${words}:heard`;

/** The words of one answer on their way to Redis. All are kept until it is over: a Redis that has lost them is told them again. */
export class Telling implements Teller {
  private readonly line: Line;
  private readonly clock: Clock;
  private readonly keys: readonly [claim: string, words: string];
  private readonly who: readonly [fingerprint: string, token: string];
  private readonly done: () => void;
  private words: string[] = [];
  private told = 0;
  private ends:
    | { readonly state: 'over' | 'gone'; readonly at: MonotonicMs; readonly live: number }
    | undefined;
  private gathering: (() => void) | undefined;
  private readonly renewing: () => void;
  private saying: Promise<void> | undefined;
  private open = true;

  constructor(
    line: Line,
    clock: Clock,
    keys: readonly [claim: string, words: string],
    who: readonly [fingerprint: string, token: string],
    done: () => void,
  ) {
    this.line = line;
    this.clock = clock;
    this.keys = keys;
    this.who = who;
    this.done = done;
    this.renewing = clock.every(RENEW_MS, () => void this.flush());
  }

  say(word: Word): void {
    if (!this.open) return;
    this.words.push(write(word));
    this.gathering ??= this.clock.after(GATHER_MS, () => void this.flush());
  }

  over(keep: number): void {
    if (!this.open) return;
    const at = this.clock.monotonic();
    this.ends = keep > 0 ? { state: 'over', at, live: keep } : { state: 'gone', at, live: LINGER_MS };
    void this.flush();
  }

  async heard(): Promise<boolean> {
    const answer = await this.line.run(LISTENED, [listeningTo(this.keys[1])], []).catch(() => 0);
    return Number(answer) > 0;
  }

  drop(): void {
    this.close();
    this.line.run(DROP, this.keys, this.who.slice(1)).catch(() => undefined);
  }

  /** Resolves when everything is told that can be. */
  flush(): Promise<void> {
    this.gathering?.();
    this.gathering = undefined;
    this.saying ??= this.tell().finally(() => {
      this.saying = undefined;
    });
    return this.saying;
  }

  private async tell(): Promise<void> {
    try {
      while (this.open && !(await this.sayOn()));
    } catch {
      // Away: the next renewal says it, as long as it is worth saying.
      const { ends } = this;
      if (ends && this.clock.monotonic() - ends.at > ends.live) this.close();
    }
  }

  /** Says as much as goes at once; true when nothing is left. */
  private async sayOn(): Promise<boolean> {
    const from = this.told;
    const some = this.words.slice(from, from + MOST_WORDS);
    const last = from + some.length === this.words.length;
    const ends = last ? this.ends : undefined;
    const live = ends ? ends.live - (this.clock.monotonic() - ends.at) : LEASE_MS;
    if (live < 1) {
      this.close();
      return true;
    }
    const args = [...this.who, String(Math.ceil(live)), ends?.state ?? 'run', String(from), ...some];
    this.told = Number(await this.line.run(TELL, this.keys, args));
    if (this.told < 0 || (ends && this.told === this.words.length)) this.close();
    return this.told === this.words.length && !this.ends;
  }

  private close(): void {
    if (!this.open) return;
    this.open = false;
    this.gathering?.();
    this.renewing();
    this.words = [];
    this.done();
  }
}
