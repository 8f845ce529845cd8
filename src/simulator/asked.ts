import type { JsonObject } from './call.ts';

/** A question without its dialect: what the answers are made from. */
export interface Asked {
  readonly model: string;
  readonly stream: boolean;
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice;
  readonly parallel: boolean;
  /** The answer must be JSON valid against this. */
  readonly schema?: JsonObject;
  /** The answer must be some JSON object. */
  readonly json: boolean;
  readonly stops: readonly string[];
  readonly maxTokens?: number;
  readonly choices: number;
  readonly reasoning: Reasoning;
  /** Everything that is billed as input, in the order in which a provider caches it: tools, system, messages. */
  readonly segments: readonly Segment[];
  /** The parsed body, for what one dialect alone echoes or asks for. */
  readonly raw: JsonObject;
}

export interface Turn {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly text: string;
  readonly attachments?: readonly Attachment[];
  /** Of an assistant. */
  readonly calls?: readonly { readonly id: string; readonly name: string }[];
  /** Of a tool: which call this answers. */
  readonly result?: { readonly id: string; readonly failed: boolean };
}

export interface Attachment {
  readonly kind: 'image' | 'audio' | 'file';
  /** For instance `image/png`, `wav`, or a file name. */
  readonly type: string;
  readonly name?: string;
  /** Absent for what is only named by URL or id. */
  readonly bytes?: number;
  readonly width?: number;
  readonly height?: number;
}

export interface Tool {
  readonly name: string;
  readonly description: string;
  /** Absent for a tool that takes free text. */
  readonly parameters?: JsonObject;
  readonly custom: boolean;
}

export type ToolChoice = 'auto' | 'none' | 'required' | { readonly name: string };

export interface Reasoning {
  readonly on: boolean;
  /** Upper bound in tokens. */
  readonly budget?: number;
  /** Whether the caller gets to read it. */
  readonly shown: boolean;
}

export interface Segment {
  readonly text: string;
  /** What it costs beyond its text: images, audio. */
  readonly media?: { readonly kind: 'image' | 'audio' | 'file'; readonly tokens: number };
  /** A cache breakpoint stands behind this segment. */
  readonly breakpoint?: '5m' | '1h';
}

/** One candidate answer. */
export interface Reply {
  readonly blocks: readonly Block[];
  readonly finish: Finish;
  /** Which stop sequence matched. */
  readonly stopped?: string;
}

export type Block =
  | { readonly kind: 'reasoning'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'refusal'; readonly text: string }
  | {
      readonly kind: 'call';
      readonly id: string;
      readonly name: string;
      /** JSON text, or free text for a custom tool. */
      readonly input: string;
      readonly custom: boolean;
    };

export type Finish = 'complete' | 'tool' | 'length' | 'stop' | 'refusal' | 'content_filter';
