import type { Log } from '#contracts';
import type { ScribeStats } from './scribe.ts';

/** What the host says to the thread. */
export type ToScribe =
  /** `yields`: behind whatever else wants the core. */
  | { readonly say: 'begin'; readonly given: unknown; readonly yields: boolean }
  /** From now on. */
  | { readonly say: 'yield' }
  | { readonly say: 'flush'; readonly id: number }
  | { readonly say: 'stop' };

/** What the thread says to the host. Structured clones: plain data only. */
export type FromScribe =
  | { readonly say: 'stats'; readonly stats: ScribeStats }
  | { readonly say: 'flushed'; readonly id: number; readonly failed?: string }
  | {
      readonly say: 'log';
      readonly level: Parameters<Log>[0];
      readonly event: string;
      readonly data?: Readonly<Record<string, unknown>>;
    }
  | { readonly say: 'stopped' };
