import type { Head } from './broadcast.ts';

/** One word of an answer on its way, in order. */
export type Word = Head | Uint8Array | 'end' | 'break';

/** What replicas have in common of calls with a key: who asks, and what is answered. Nothing of it rejects. */
export interface SharedAnswers {
  /** Claims the call for this replica, in one step for all of them, or finds who has it. */
  claim(name: string, fingerprint: string): Promise<Claim>;
  /** Tells what is still to be told, for a moment. */
  close(): Promise<void>;
}

export type Claim =
  /** Nobody else asks while this is told. */
  | { readonly is: 'mine'; readonly teller: Teller }
  /** Asked elsewhere, or answered there already. */
  | { readonly is: 'theirs'; readonly over: boolean; readonly tale: Tale }
  /** The key belongs to another question. */
  | { readonly is: 'other' }
  /** Nobody knows who asks. What is told is known to all when the shared store is back, unless another one has the key by then. */
  | { readonly is: 'away'; readonly teller: Teller };

/** Tells all replicas what is answered, without ever keeping the answer waiting. */
export interface Teller {
  say(word: Word): void;
  /** `keep`: milliseconds for which the whole is given again; 0 when it is none to be given again. */
  over(keep: number): void;
  /** Does another replica wait for it? */
  heard(): Promise<boolean>;
  /** There is no more room for it. */
  drop(): void;
}

/** An answer that another replica tells, from its start. */
export interface Tale {
  /** What comes next; waits for it. `gone`: whoever told it does so no more, or cannot be heard. */
  next(signal: AbortSignal): Promise<readonly Word[] | 'gone'>;
  /** Nobody here waits for it any more; until then whoever tells it goes on for us. */
  leave(): void;
}
