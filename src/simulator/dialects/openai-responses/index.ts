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
};
