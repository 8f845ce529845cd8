import * as anthropicMessages from './anthropic-messages/index.ts';
import * as openaiChat from './openai-chat/index.ts';
import * as openaiEmbeddings from './openai-embeddings/index.ts';
import * as openaiResponses from './openai-responses/index.ts';
import type { Json } from './shared/json.ts';

/** The stored parts of an ask, parsed: what an `AskRecord` names. */
export interface AskParts {
  /** The bodies of the chain, first to last. */
  readonly messages: readonly unknown[];
  readonly tools?: unknown;
  readonly schema?: unknown;
  readonly envelope: Readonly<Record<string, unknown>>;
}

const REBUILD = new Map<string, (parts: AskParts) => Json>([
  ['openai-chat', openaiChat.rebuild],
  ['openai-responses', openaiResponses.rebuild],
  ['openai-embeddings', openaiEmbeddings.rebuild],
  ['anthropic-messages', anthropicMessages.rebuild],
  ['anthropic-count-tokens', anthropicMessages.rebuild],
]);

/**
 * An ask equal in meaning to the one that was recorded: same members, same values. Blank members of messages (null, empty
 * lists) are gone, and a text is the bare string where the dialect takes either. Undefined for an unknown protocol.
 */
export const rebuildAsk = (protocol: string, parts: AskParts): Json | undefined =>
  REBUILD.get(protocol)?.(parts);
