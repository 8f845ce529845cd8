import type { Outcome, Usage } from '#contracts';
import type { Json } from '../shared/json.ts';

/**
 * What the three dialects have in common, so that three readers and three writers stand in for six hand-written pairs.
 * An ask is a value; an answer is told to a `Sink`, by a whole body and by a stream in the same words.
 */

/** The three that translate into each other, by protocol name. */
export const DIALECTS = ['openai-chat', 'openai-responses', 'anthropic-messages'] as const;
export type DialectName = (typeof DIALECTS)[number];

export interface Ask {
  /** Whose habits of caching the marks on parts follow. */
  readonly family: 'openai' | 'anthropic';
  stream: boolean;
  readonly turns: Turn[];
  readonly tools: Tool[];
  choice?: Choice;
  /** May one answer call several tools. */
  parallel?: boolean;
  format?: Format;
  maxOutput?: number;
  temperature?: number;
  topP?: number;
  topK?: number;
  stops: readonly string[];
  thinking?: Thinking;
  /** OpenAI's words: `auto`, `default`, `flex`, `priority`, … */
  tier?: string;
  verbosity?: string;
  /** Opaque id of the end user. */
  user?: string;
  /** Members that both endpoints of OpenAI spell alike and Anthropic does not know. */
  readonly openai: Json;
}

/** Results of tools stand in a user's turn, calls in an assistant's. */
export interface Turn {
  readonly role: 'system' | 'developer' | 'user' | 'assistant';
  readonly parts: Part[];
}

export type CacheLife = 'short' | 'long';

export type Part = TextPart | MediaPart | CallPart | ResultPart | ReasoningPart | RefusalPart;
export interface TextPart {
  readonly kind: 'text';
  readonly text: string;
  readonly cache?: CacheLife;
}
export interface RefusalPart {
  readonly kind: 'refusal';
  readonly text: string;
}
export type MediaPart = MediaOf<'image'> | MediaOf<'file'>;
export interface MediaOf<Kind extends 'image' | 'file'> {
  readonly kind: Kind;
  readonly source: Source;
  readonly name?: string;
  readonly detail?: string;
  readonly cache?: CacheLife;
}
export type Source =
  | { readonly at: 'inline'; readonly media: string; readonly data: string }
  | { readonly at: 'url'; readonly url: string }
  | { readonly at: 'text'; readonly text: string }
  /** An upload that only one provider has. */
  | { readonly at: 'upload'; readonly id: string };
export interface CallPart {
  readonly kind: 'call';
  readonly id: string;
  readonly name: string;
  /** JSON text, or any text for a custom tool. */
  readonly args: string;
  readonly custom?: boolean;
  readonly cache?: CacheLife;
}
export interface ResultPart {
  readonly kind: 'result';
  readonly id: string;
  readonly parts: readonly (TextPart | MediaPart)[];
  readonly error?: boolean;
  readonly cache?: CacheLife;
}
export interface ReasoningPart {
  readonly kind: 'reasoning';
  readonly text: string;
  readonly seal?: Seal;
}

/** What a provider puts beside a thought so that it can be handed back: nobody else can read it. */
export interface Seal {
  readonly by: DialectName;
  readonly data: string;
  /** The whole thought is sealed, not only its signature. */
  readonly redacted?: boolean;
  readonly id?: string;
}

export interface Tool {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the arguments; absent for a custom tool. */
  readonly schema?: Json;
  readonly strict?: boolean;
  readonly cache?: CacheLife;
  /** A custom tool takes text, free or after a grammar. */
  readonly custom?: { readonly format?: unknown };
}

export type Choice =
  | { readonly mode: 'auto' | 'none' | 'required' }
  | { readonly mode: 'named'; readonly name: string; readonly custom?: boolean }
  | { readonly mode: 'allowed'; readonly must: boolean; readonly names: readonly string[] };

export type Format =
  | { readonly kind: 'object' }
  | {
      readonly kind: 'schema';
      readonly schema: Json;
      readonly name?: string;
      readonly description?: string;
      readonly strict?: boolean;
    };

export interface Thinking {
  readonly on: boolean;
  /** `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`. */
  readonly effort?: string;
  /** Tokens. */
  readonly budget?: number;
  /** The caller wants to see a summary of it. */
  readonly show?: boolean;
}

/** Which model really answers; what is known when the answer begins. */
export interface Begin {
  readonly id?: string;
  readonly model?: string;
  readonly fingerprint?: string;
  /** OpenAI's words. */
  readonly tier?: string;
  /** Anthropic counts the input before it answers. */
  readonly usage?: Usage;
}
export type Open =
  | { readonly kind: 'text' | 'refusal' | 'reasoning' }
  | { readonly kind: 'call'; readonly id: string; readonly name: string; readonly custom?: boolean };
export interface Citation {
  readonly url: string;
  readonly title: string;
  readonly start: number;
  readonly end: number;
}
export interface End {
  readonly outcome: Outcome;
  /** The target's own word. */
  readonly word: string;
  /** The stop sequence that matched. */
  readonly stop?: string;
  /** Why it refused. */
  readonly explanation?: string;
  /** Absent when the target reported none. */
  readonly usage?: Usage;
  readonly tier?: string;
}

/** begin, (open, piece or cite, close)*, end: parts never overlap. */
export interface Sink {
  begin(begin: Begin): void;
  open(part: Open): void;
  piece(text: string): void;
  /** Of the text part that is open. */
  cite(citation: Citation): void;
  close(seal?: Seal): void;
  end(end: End): void;
}

/** Reads one stream of a dialect. */
export interface EventReader {
  event(name: string, data: Json): void;
  /** Data that ends a stream without being JSON. */
  terminator(): void;
  /** Tells the end if a reason for it was read; nothing after an error. */
  finish(): void;
}
