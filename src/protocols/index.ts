import type { Protocol } from '#contracts';
import { anthropicMessages } from './anthropic-messages/index.ts';
import { openaiChat } from './openai-chat/index.ts';

export { rebuildAsk } from './rebuild.ts';
export { EMPTY_CHAIN } from './shared/digest.ts';
export { estimateUsage } from './shared/estimate.ts';

export const protocols: readonly Protocol[] = [openaiChat, anthropicMessages];

const byName = new Map(protocols.map((protocol) => [protocol.name, protocol]));
const byPath = new Map(protocols.map((protocol) => [protocol.path, protocol]));

export const protocolByName = (name: string): Protocol | undefined => byName.get(name);

/** `path` is the endpoint below the base URL, for instance `/chat/completions`. */
export const protocolByPath = (path: string): Protocol | undefined => byPath.get(path);
