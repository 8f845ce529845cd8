import type { Asked, Reply } from '../asked.ts';
import type { Call, JsonObject } from '../call.ts';
import type { Problem } from '../problem.ts';
import type { Header, Part, TokenUsage } from '../script.ts';

/** How one provider words questions, answers and refusals. */
export interface Dialect {
  readonly name: string;
  readonly family: 'openai' | 'anthropic';
  read(body: JsonObject, call: Call): Asked | Problem;
  unary(answer: Answer): string;
  stream(answer: Answer, pace: Pace): Iterable<Part>;
  /** Which part the wait for the first token stands before: OpenAI's chat opens with it, the others open at once. */
  /** Where it differs from the family's wording. */
  problemEvent?(problem: Problem, requestId: string): string;
  readonly waitsBefore: 'open' | 'token';
}

/** Everything a writer needs; decided before the first byte, so that a stream and a unary answer say the same. */
export interface Answer {
  readonly asked: Asked;
  readonly replies: readonly Reply[];
  readonly usage: TokenUsage;
  readonly rendering: Rendering;
}

/** What is said about the answer rather than in it. */
export interface Rendering {
  /** Unique part of the ids. */
  readonly id: string;
  readonly createdAt: number;
  /** Model that claims to have answered. */
  readonly model: string;
  readonly fingerprint: string;
  readonly tier: string;
  readonly showUsage: boolean;
  /** `[DONE]`, `message_stop`, `response.completed`. */
  readonly terminator: boolean;
}

/** Milliseconds to wait before the next token. */
export type Pace = () => number;

export interface Wording {
  problem(problem: Problem, requestId: string): string;
  /** The error as an event inside a stream. */
  problemEvent(problem: Problem, requestId: string): string;
  headers(facts: HeaderFacts): Header[];
}

export interface HeaderFacts {
  readonly requestId: string;
  readonly processingMs: number;
  readonly quota: QuotaFacts;
  readonly now: number;
}

/** Where a caller stands with its limits; `resetMs` until the bucket is full again. */
export interface QuotaFacts {
  readonly requests: Allowance;
  readonly tokens: Allowance;
  /** Where input and output are limited apart. */
  readonly inputTokens?: Allowance | undefined;
  readonly outputTokens?: Allowance | undefined;
}
export interface Allowance {
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
}
