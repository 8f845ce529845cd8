import { z } from 'zod';
import type { Protocol } from '#contracts';
import { defineMember } from '#contracts';
import {
  readAnthropicError,
  writeAnthropicError,
  writeAnthropicStreamError,
} from '../shared/anthropic-errors.ts';
import { readAnswer } from './answer.ts';
import { readAsk } from './ask.ts';
import { digest } from './digest.ts';
import { readMessage } from './message.ts';
import { writeReply } from './reply.ts';
import { MessagesScanner } from './stream.ts';

// `/messages/count_tokens` asks the same thing and reads it the same way.
export { readWith } from './ask.ts';
export { digest, rebuild } from './digest.ts';
export { readMessage } from './message.ts';

export const anthropicMessages: Protocol = defineMember('protocol', {
  name: 'anthropic-messages',
  version: 1,
  summary: "Messages as Anthropic's clients speak them.",
  params: z.object({}),
  dialect: 'anthropic',
  path: '/messages',
  readAsk,
  readAnswer,
  scanStream: (limits) => new MessagesScanner(limits),
  readError: readAnthropicError,
  terminator: 'event: message_stop\ndata: {"type":"message_stop"}\n\n',
  writeError: writeAnthropicError,
  writeStreamError: writeAnthropicStreamError,
  // Its clients go by the name of the event and pass over one without.
  tellsError: (event) => /(?:^|[\r\n])event: ?error\s/.test(event),
  writeReply,
  digest,
  readMessage,
} satisfies Protocol);
