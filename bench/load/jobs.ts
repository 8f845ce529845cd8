import type { Address } from '../http/question.ts';
import type { Spread } from './samples.ts';

/** As many answers as `connections` callers can get who ask again as soon as they have one. */
export interface ClosedJob {
  readonly kind: 'closed';
  readonly address: Address;
  readonly connections: number;
  readonly warmMs: number;
  readonly ms: number;
  /** Stops after so many questions, whatever `ms` says. */
  readonly count?: number;
  readonly first: number;
}

/** One caller who asks at fixed moments, whether or not the last answer has come. */
export interface PacedJob {
  readonly kind: 'paced';
  readonly address: Address;
  /** Questions a second. */
  readonly rate: number;
  readonly warmMs: number;
  readonly ms: number;
  readonly first: number;
}

/** Streams that begin at fixed moments; after the ramp `concurrent` of them run at any time. */
export interface StreamJob {
  readonly kind: 'streams';
  readonly address: Address;
  readonly concurrent: number;
  readonly chunks: number;
  readonly ms: number;
  /** How long streams may still run after they should all have ended; what is open then has failed. */
  readonly patienceMs: number;
  readonly first: number;
}

export type Job = ClosedJob | PacedJob | StreamJob;

export interface Tally {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  /** The first thing that went wrong. */
  readonly trouble?: string;
}

export interface ClosedResult extends Tally {
  /** Answers within the measured window, and its length. */
  readonly measured: number;
  readonly seconds: number;
  readonly latency: Spread;
}

export interface PacedResult extends Tally {
  readonly latency: Spread;
  /** How late the generator itself was in sending; not part of `latency`. */
  readonly late: Spread;
}

export interface StreamResult extends Tally {
  /** From the moment a stream was due until its first token, of streams begun at full concurrency. */
  readonly firstToken: Spread;
  /** From the upstream's write of a chunk until the caller had it, at full concurrency. */
  readonly chunkDelay: Spread;
  readonly chunks: number;
  /** Streams whose every chunk and terminator arrived. */
  readonly complete: number;
  /** Most that ran at once. */
  readonly peak: number;
  readonly late: Spread;
}

export interface ResultOf {
  readonly closed: ClosedResult;
  readonly paced: PacedResult;
  readonly streams: StreamResult;
}

/** `phase`: the measured window begins or ends, so that whoever watches the processor can look. */
export type FromLoad =
  | { readonly say: 'ready' }
  | { readonly say: 'phase'; readonly phase: 'begin' | 'end' }
  | { readonly say: 'done'; readonly result: unknown }
  | { readonly say: 'failed'; readonly why: string };
