import type { Protocol } from '#contracts';
import { anthropicCountTokens } from './anthropic-count-tokens/index.ts';
import { anthropicMessages } from './anthropic-messages/index.ts';
import { openaiChat } from './openai-chat/index.ts';
import { openaiEmbeddings } from './openai-embeddings/index.ts';
import { openaiResponses } from './openai-responses/index.ts';

export { type AskParts, rebuildAsk } from './rebuild.ts';
export { EMPTY_CHAIN } from './shared/digest.ts';
export { estimateUsage } from './shared/estimate.ts';
export { lastWords } from './shared/last-words.ts';
export { takeovers } from './takeover/index.ts';
export * from './translate/index.ts';

export const protocols: readonly Protocol[] = [
  openaiChat,
  openaiResponses,
  openaiEmbeddings,
  anthropicMessages,
  anthropicCountTokens,
];

const byName = new Map(protocols.map((protocol) => [protocol.name, protocol]));
const byPath = new Map(protocols.map((protocol) => [protocol.path, protocol]));

export const protocolByName = (name: string): Protocol | undefined => byName.get(name);

/** `path` is the endpoint below the base URL, for instance `/chat/completions`. */
export const protocolByPath = (path: string): Protocol | undefined => byPath.get(path);
