import type { Dialect } from '../dialect.ts';
import { readMessages } from './read.ts';
import { streamMessage, writeMessage } from './write.ts';

export { readMessages };

export const anthropicMessages: Dialect = {
  name: 'anthropic-messages',
  waitsBefore: 'token',
  family: 'anthropic',
  read: (body, call) => readMessages(body, call),
  unary: writeMessage,
  stream: streamMessage,
};
