import { z } from 'zod';
import type { Protocol } from '#contracts';
import { defineMember } from '#contracts';
import { readOpenAIError, writeOpenAIError, writeResponsesStreamError } from '../shared/openai-errors.ts';
import { withMember } from '../shared/with-member.ts';
import { readAnswer } from './answer.ts';
import { readAsk } from './ask.ts';
import { digest } from './digest.ts';
import { readMessage } from './message.ts';
import { writeReply } from './reply.ts';
import { ResponsesScanner } from './stream.ts';

export { rebuild } from './digest.ts';

export const openaiResponses: Protocol = defineMember('protocol', {
  name: 'openai-responses',
  version: 1,
  summary: "Responses, OpenAI's newer endpoint with typed items in and out.",
  params: z.object({}),
  dialect: 'openai',
  path: '/responses',
  readAsk,
  readAnswer,
  scanStream: (limits) => new ResponsesScanner(limits),
  readError: readOpenAIError,
  limit: (body, tokens) => withMember(body, ['max_output_tokens'], 'max_output_tokens', String(tokens)),
  writeError: writeOpenAIError,
  writeStreamError: writeResponsesStreamError,
  // Its clients go by the type.
  tellsError: (event) => /"type"\s*:\s*"(?:error|response\.failed)"/.test(event),
  writeReply,
  digest,
  readMessage,
} satisfies Protocol);
