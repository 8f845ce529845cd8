import { z } from 'zod';
import type { Protocol, Reading } from '#contracts';
import { defineMember, NO_USAGE } from '#contracts';
import { digest, readMessage, readWith, rebuild } from '../anthropic-messages/index.ts';
import {
  anthropicInBand,
  readAnthropicError,
  writeAnthropicError,
  writeAnthropicStreamError,
} from '../shared/anthropic-errors.ts';
import { failure } from '../shared/failures.ts';
import { decodeAnswer, encode, isObject, parseJson } from '../shared/json.ts';
import { failureOutcome, unreadable } from '../shared/readings.ts';
import { UnaryScanner } from '../shared/unary.ts';

export { rebuild };

/** Counting is free: the number counted is the answer, not a usage. */
function readAnswer(body: Uint8Array): Reading {
  const parsed = parseJson(decodeAnswer(body));
  if (!parsed || !isObject(parsed.value)) return unreadable();
  const answer = parsed.value;
  const counted = typeof answer.input_tokens === 'number';
  const error = answer.type === 'error' || isObject(answer.error) ? anthropicInBand(answer) : undefined;
  const problem =
    error ?? (counted ? undefined : failure('empty', 'The provider answered without a count of tokens.'));
  return {
    outcome: error ? failureOutcome(error) : counted ? 'complete' : 'invalid',
    ...(problem ? { failure: problem } : {}),
    usage: NO_USAGE,
    observed: {},
    textLength: 0,
    toolCalls: 0,
    message: () => (counted ? encode(JSON.stringify([answer])) : undefined),
  };
}

export const anthropicCountTokens: Protocol = defineMember('protocol', {
  name: 'anthropic-count-tokens',
  version: 1,
  summary: 'How many tokens a message ask would be; never streamed, never billed.',
  params: z.object({}),
  dialect: 'anthropic',
  path: '/messages/count_tokens',
  readAsk: (body) => readWith(body, () => undefined),
  readAnswer,
  scanStream: (limits) =>
    new UnaryScanner(limits, (data) => (data.type === 'error' ? anthropicInBand(data) : undefined)),
  readError: readAnthropicError,
  writeError: writeAnthropicError,
  writeStreamError: writeAnthropicStreamError,
  digest,
  readMessage,
} satisfies Protocol);
