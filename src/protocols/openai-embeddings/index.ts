import { z } from 'zod';
import type { Protocol } from '#contracts';
import { defineMember } from '#contracts';
import {
  openaiInBand,
  readOpenAIError,
  writeChatStreamError,
  writeOpenAIError,
} from '../shared/openai-errors.ts';
import { UnaryScanner } from '../shared/unary.ts';
import { readAnswer } from './answer.ts';
import { readAsk } from './ask.ts';
import { digest } from './digest.ts';
import { readMessage } from './message.ts';

export { rebuild } from './digest.ts';

export const openaiEmbeddings: Protocol = defineMember('protocol', {
  name: 'openai-embeddings',
  version: 1,
  summary: 'Texts in, vectors out; never streamed.',
  params: z.object({}),
  dialect: 'openai',
  path: '/embeddings',
  readAsk,
  readAnswer,
  scanStream: (limits) =>
    new UnaryScanner(limits, (data) => (data.error ? openaiInBand(data.error) : undefined)),
  readError: readOpenAIError,
  writeError: writeOpenAIError,
  writeStreamError: writeChatStreamError,
  digest,
  readMessage,
} satisfies Protocol);
