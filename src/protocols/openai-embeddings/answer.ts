import type { Reading } from '#contracts';
import { sha256 } from '#kernel';
import { failure } from '../shared/failures.ts';
import { decodeAnswer, encode, isObject, type Json, list, object, parseJson, word } from '../shared/json.ts';
import { openaiInBand } from '../shared/openai-errors.ts';
import { openaiUsage } from '../shared/openai-usage.ts';
import { failureOutcome, unreadable } from '../shared/readings.ts';

export function readAnswer(body: Uint8Array): Reading {
  const parsed = parseJson(decodeAnswer(body));
  if (!parsed || !isObject(parsed.value)) return unreadable();
  const answer = parsed.value;
  const data = list(answer.data);
  const error = answer.error ? openaiInBand(answer.error) : undefined;
  const problem =
    error ??
    (data.length === 0 ? failure('empty', 'The provider answered without a single embedding.') : undefined);
  const model = word(answer.model);
  return {
    outcome: error ? failureOutcome(error) : data.length === 0 ? 'invalid' : 'complete',
    ...(problem ? { failure: problem } : {}),
    usage: openaiUsage(answer.usage),
    observed: model ? { model } : {},
    textLength: 0,
    toolCalls: 0,
    message: () => (data.length === 0 ? undefined : encode(JSON.stringify([summary(answer, data)]))),
  };
}

/**
 * What is kept of an answer. The vectors themselves are numbers nobody reads and nothing compresses, a hundred times the
 * size of the text they stand for; their hash still shows when the same input begins to give other vectors.
 */
function summary(answer: Json, data: readonly unknown[]): Json {
  const first = object(data[0]).embedding;
  const encoded = typeof first === 'string';
  return {
    type: 'embeddings',
    count: data.length,
    // Base64 holds 32-bit floats.
    dimensions: encoded ? Math.floor((Buffer.byteLength(first, 'base64') || 0) / 4) : list(first).length,
    encoding: encoded ? 'base64' : 'float',
    ...(word(answer.model) ? { model: answer.model } : {}),
    sha256: sha256(JSON.stringify(data)),
  };
}
