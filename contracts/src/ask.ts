import type { BodyHash, ChainHash, ReleaseId } from './ids.ts';
import type { Axes } from './release.ts';

/** Protocol-neutral sight of an ask, read in one parse on the hot path. */
export interface AskFacets {
  /** What the caller asked for, before any mapping. */
  readonly model: string;
  readonly stream: boolean;
  /** Number of messages or inputs. */
  readonly turns: number;
  readonly tools: number;
  readonly images: number;
  readonly audios: number;
  /** A JSON schema or JSON mode constrains the answer. */
  readonly structured: boolean;
  /** Choices asked for; 1 unless the caller said otherwise. */
  readonly choices: number;
  /** Largest answer the caller allows, tokens. */
  readonly maxOutput?: number;
  readonly stops: number;
  /** Size of the body, bytes. */
  readonly bytes: number;
}

/** The stored ask: everything needed to show it, replay it byte for byte in meaning, or make an eval case of it. */
export interface AskRecord {
  /** The list of messages or inputs, system prompt first where the protocol keeps it apart. */
  readonly messages: ChainHash;
  /** Number of links in `messages`. */
  readonly length: number;
  readonly tools?: BodyHash;
  readonly schema?: BodyHash;
  /** The body without messages, tools and schema. */
  readonly envelope: BodyHash;
}

export interface AnswerRecord {
  /** One message per choice, in the shape in which a client would send it back, so that the next turn shares it. */
  readonly messages: readonly BodyHash[];
}

/** What the scribe derives from the bodies. */
export interface Digest {
  readonly axes: Axes;
  readonly release: ReleaseId;
  readonly ask?: AskRecord;
  readonly answer?: AnswerRecord;
  /** Bodies named above, each once. */
  readonly bodies: ReadonlyMap<BodyHash, Uint8Array>;
  /** Links named above: chain hash to (the chain before or undefined, the last message). */
  readonly links: ReadonlyMap<ChainHash, ChainLink>;
}

export interface ChainLink {
  readonly before?: ChainHash;
  readonly message: BodyHash;
}

/** A message as a screen or a scorer reads it, whatever the protocol. */
export interface Message {
  readonly role: 'system' | 'developer' | 'user' | 'assistant' | 'tool';
  readonly name?: string;
  readonly parts: readonly Part[];
}

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reasoning'; readonly text: string; readonly redacted?: boolean }
  | { readonly kind: 'refusal'; readonly text: string }
  | { readonly kind: 'tool_call'; readonly id: string; readonly tool: string; readonly args: string }
  | { readonly kind: 'tool_result'; readonly id: string; readonly text: string; readonly error?: boolean }
  | { readonly kind: 'image' | 'audio' | 'file'; readonly source: string; readonly bytes?: number }
  /** Something this version does not know; shown as it came. */
  | { readonly kind: 'other'; readonly type: string; readonly json: string };
