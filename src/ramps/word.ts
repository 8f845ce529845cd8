import type { Path } from './held.ts';
import type { Unjudged } from './unjudged.ts';

/** What one gateway tells the others of a ramp; of another era than their own it says nothing. */
export type RampWord = { readonly era: number } & (
  | { readonly seen: readonly [bucket: number, path: Path, bad: boolean] }
  /** While the ramp still learns. */
  | { readonly study: readonly [score: number, bad: boolean] }
  /** It may still be judged. */
  | { readonly waits: readonly [exchange: string, answer: Unjudged] }
  | { readonly judged: readonly [exchange: string, good: boolean] }
  /** A thread or task has begun on a path. */
  | { readonly held: readonly [session: string, path: Path] }
);
