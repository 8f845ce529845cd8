import type { Dialect } from '../dialect.ts';
import { readChat } from './read.ts';
import { streamChat, writeChat } from './write.ts';

export const openaiChat: Dialect = {
  name: 'openai-chat',
  waitsBefore: 'open',
  family: 'openai',
  read: readChat,
  unary: writeChat,
  stream: streamChat,
};
