import type { Member } from './family.ts';
import type { Dialect } from './protocol.ts';

/**
 * Where models live: mostly data. A provider that speaks like OpenAI needs a name, a base URL and its quirks.
 */
export interface Provider extends Member {
  readonly dialects: readonly Dialect[];
  /** Default base URL per dialect, without trailing slash; the endpoint's path is appended. */
  readonly baseUrl: Readonly<Partial<Record<Dialect, string>>>;
  /** Environment variable in which the provider's own SDK looks for the key. */
  readonly keyVariable?: string;
  /** Protocol names it serves; absent means all of its dialects. */
  readonly protocols?: readonly string[];
  /** How its models go on from the beginning of an answer; absent where none is known to. The first line whose model fits counts. */
  readonly prefill?: readonly PrefillRule[];
  /** What OpenAI's chat calls the limit of an answer since its models think; copies of that API have `max_tokens`, some of them nothing else. */
  readonly limitWord?: 'max_completion_tokens';
  /** Builds URL and credential headers for one call. Pure. */
  request(call: ProviderCall): {
    readonly url: string;
    readonly headers: readonly (readonly [string, string])[];
  };
  /** Id of this provider in the price list; absent when it bills nothing or is never listed. */
  readonly priceId?: string;
}

export interface PrefillRule {
  readonly models: RegExp;
  readonly by: Prefill;
}

/** An assistant's turn that stands last: as it is, marked `prefix: true`, or with `continue_final_message`. */
export type Prefill = 'turn' | 'prefix' | 'continue';

export interface ProviderCall {
  readonly dialect: Dialect;
  readonly baseUrl: string;
  /** The protocol's path, for instance `/chat/completions`. */
  readonly path: string;
  readonly model: string;
  readonly apiKey?: string;
  /** The provider's settings from the configuration (already parsed by its `params`). */
  readonly settings: Readonly<Record<string, unknown>>;
}
