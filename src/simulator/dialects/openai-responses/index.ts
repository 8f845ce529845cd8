import type { Dialect } from '../dialect.ts';
import { readResponses } from './read.ts';
import { streamResponses, writeResponses } from './write.ts';

export const openaiResponses: Dialect = {
  name: 'openai-responses',
  waitsBefore: 'token',
  family: 'openai',
  read: readResponses,
  unary: writeResponses,
  stream: streamResponses,
  problemEvent: ({ code, message, param }) =>
    `event: error\ndata: ${JSON.stringify({ type: 'error', code: code ?? null, message, param: param ?? null, sequence_number: 0 })}\n\n`,
};
