import { z } from 'zod';
import type { Protocol } from '#contracts';
import { defineMember } from '#contracts';
import { readOpenAIError, writeChatStreamError, writeOpenAIError } from '../shared/openai-errors.ts';
import { readAnswer } from './answer.ts';
import { readAsk } from './ask.ts';
import { digest } from './digest.ts';
import { limitChat } from './limit.ts';
import { readMessage } from './message.ts';
import { writeReply } from './reply.ts';
import { ChatScanner } from './stream.ts';
import { askUsage, isUsage } from './usage-wish.ts';

export { rebuild } from './digest.ts';

export const openaiChat: Protocol = defineMember('protocol', {
  name: 'openai-chat',
  version: 1,
  summary: 'Chat completions as OpenAI defined them and most providers speak them.',
  params: z.object({}),
  dialect: 'openai',
  path: '/chat/completions',
  readAsk,
  readAnswer,
  scanStream: (limits) => new ChatScanner(limits),
  readError: readOpenAIError,
  usageWish: { ask: askUsage, brings: isUsage },
  limit: limitChat,
  terminator: 'data: [DONE]\n\n',
  writeError: writeOpenAIError,
  writeStreamError: writeChatStreamError,
  writeReply,
  digest,
  readMessage,
} satisfies Protocol);
