import type { FailureKind, Outcome } from '#contracts';
import { type Call, LAST_CHUNK, streamed, whole } from '../puppet.ts';
import type { Tongue } from '../tongues.ts';

/** What a provider knows of the case it plays in. */
export interface Scene {
  /** What it speaks. */
  readonly tongue: Tongue;
  readonly stream: boolean;
  /** Resolves when the caller has read the first text: whatever follows, follows a commitment. */
  readonly seen: Promise<void>;
}

export type Way = 'stream' | 'whole';
export const BOTH = ['stream', 'whole'] as const;
export const STREAM = ['stream'] as const;
export const WHOLE = ['whole'] as const;

/** Milliseconds of silence that a row is given. */
export const SHORT = 400;

/** One way a provider behaves, and what the gateway owes the caller then. */
export interface Row {
  readonly name: string;
  readonly ways: readonly Way[];
  acts(call: Call, scene: Scene): void | Promise<void>;
  /** In place of the puppet: an address that nobody serves well. */
  readonly address?: (puppetPort: number) => string;
  /** Undefined: it ends well. */
  readonly kind?: FailureKind | readonly FailureKind[];
  readonly outcome: Outcome | ((provider: Tongue) => Outcome);
  /** Calls that the first target sees where there is no other, and where a second tier stands ready. */
  readonly alone: number;
  readonly before?: number;
  /** May the second tier answer? */
  readonly moves: boolean;
  /** HTTP status that a caller sees where nobody else could answer. */
  readonly status?: number | ((caller: Tongue, provider: Tongue) => number);
  /** The target takes no further call for now. */
  readonly shut?: boolean;
  /** The caller had read some of the answer. */
  readonly committed?: boolean;
  /** What the caller gets without an error. */
  readonly says?: string;
  readonly timeouts?: Readonly<Record<string, number>>;
  /** Declared context windows of both tiers. */
  readonly windows?: readonly [number, number];
  readonly fallbackOn?: readonly ('content_filter' | 'refusal')[];
}

/** What a provider in good health says. */
export function well({ write }: Pick<Call, 'write'>, { tongue: t, stream }: Omit<Scene, 'seen'>): void {
  const events = [...t.opening, t.delta('Hel'), t.delta('lo'), t.reason(), t.usage, t.terminator];
  write(stream ? `${streamed(t.sse, ...events)}${LAST_CHUNK}` : whole(200, t.json, t.answer('Hello')));
}
