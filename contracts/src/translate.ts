import type { Result } from './failure.ts';
import type { EpochMs, ExchangeId } from './ids.ts';

/**
 * Carries exchanges of one dialect to a target that speaks another: values in, values out. Errors are not translated:
 * whoever relays writes them with the caller's own `Protocol`.
 */
export interface Translator {
  /** Protocol the caller speaks, for instance `openai-chat`. */
  readonly from: string;
  /** Protocol the target speaks. */
  readonly to: string;
  /**
   * The caller's ask in the target's dialect, or a failure: `dialect_mismatch` names what cannot be said there without
   * changing what the answer means, `bad_request` what is not an ask at all.
   */
  ask(body: Uint8Array, options: TranslateAsk): Result<TranslatedAsk>;
  /** A whole answer of the target (status 200) as the caller's dialect writes it. Fails for what is no answer. */
  answer(body: Uint8Array, context: TranslateContext): Result<Uint8Array>;
  stream(context: TranslateContext): StreamTranslator;
}

/** Names a row of the table of declared losses, for instance `cache-control`. */
export type LossId = string;

export interface TranslateAsk {
  /** What the target calls the model. */
  readonly model: string;
  /** For a target that must be told a limit when the caller named none, tokens. */
  readonly maxTokensDefault: number;
  readonly abilities?: TargetAbilities;
}

/** What models of one dialect differ in. Each default fits the most models. */
export interface TargetAbilities {
  /** Takes temperature, top-p and top-k. Default true. */
  readonly sampling?: boolean;
  /** Goes on from an assistant's turn that stands last (Anthropic). Default true; false refuses such asks. */
  readonly prefill?: boolean;
  /** Takes system messages in the middle of a conversation (Anthropic). Default false: they join the system prompt. */
  readonly systemTurns?: boolean;
  /** What a chat server calls the limit of an answer: newer models of OpenAI refuse the old name, many servers know no other. */
  readonly maxTokensField?: 'max_completion_tokens' | 'max_tokens';
  /** How thinking is asked for (Anthropic): by effort, or by a budget of tokens. Default `adaptive`. */
  readonly thinking?: 'adaptive' | 'budget';
}

export interface TranslatedAsk {
  readonly body: Uint8Array;
  /** Declared losses that this ask really met, each once, in the order of the table. */
  readonly losses: readonly LossId[];
}

export interface TranslateContext {
  readonly exchange: ExchangeId;
  /** What the caller asked for; written where the target does not say which model served. */
  readonly model: string;
  readonly at: EpochMs;
  /** The caller's own ask: it decides whether usage and thinking are shown, and some answers repeat it. */
  readonly ask: Uint8Array;
}

/** One stream. Chunk bytes may be kept only until the next `push`. Never throws; an event that cannot be read is skipped. */
export interface StreamTranslator {
  /** Whole events of the caller's dialect; undefined when there is nothing to say yet. */
  push(chunk: Uint8Array): Uint8Array | undefined;
  /** The rest, when the target's stream closed or is deemed over. Undefined unless the target had said why it ended. */
  end(): Uint8Array | undefined;
  /** The caller's terminator has been written. */
  readonly ended: boolean;
}
