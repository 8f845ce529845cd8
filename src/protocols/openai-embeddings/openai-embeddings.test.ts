import { expect, test } from 'bun:test';
import OpenAI from 'openai';
import { conformance, fixture } from '../shared/conformance.case.test.ts';
import { encode } from '../shared/json.ts';
import { openAIErrorClass } from '../shared/sdk-errors.case.test.ts';
import { openaiEmbeddings as protocol } from './index.ts';

const body = new TextDecoder().decode(await fixture(import.meta.dir, 'answer.json'));

conformance({
  protocol,
  asks: [
    { model: 'text-embedding-3-small', input: ['a', 'b'], dimensions: 3, encoding_format: 'float' },
    { model: 'm', input: 'hi' },
    { model: 'm', input: [1, 2, 3] },
    { model: 'm', input: [[1], [2, 3]] },
  ],
  badAsks: [
    { ask: { model: 'm' }, param: 'input', says: /missing.*string/ },
    { ask: { model: 'm', input: [] }, param: 'input', says: /an empty array/ },
    { ask: { model: 'm', input: 'x', dimensions: 0 }, param: 'dimensions', says: /whole number from 1/ },
  ],
  answers: [
    {
      name: 'vectors',
      body,
      outcome: 'complete',
      usage: { input: 8, output: 0, basis: 'reported' },
      observed: { model: 'text-embedding-3-small' },
      textLength: 0,
    },
    { name: 'none', body: '{"data":[]}', outcome: 'invalid', failure: 'empty' },
    {
      name: 'error',
      body: '{"error":{"message":"x","code":"server_error"}}',
      outcome: 'error',
      failure: 'provider_error',
    },
  ],
  streams: [],
  call: (response) =>
    new OpenAI({ apiKey: 'none', maxRetries: 0, fetch: async () => response }).embeddings.create({
      model: 'm',
      input: 'x',
    }),
  errorClass: openAIErrorClass,
  streamErrorClass: OpenAI.APIError,
});

test('openai-embeddings: counts inputs, keeps the size and hash of the vectors, not the vectors', () => {
  const turns = (input: unknown) => {
    const read = protocol.readAsk(encode(JSON.stringify({ model: 'm', input })));
    return read.ok ? read.value.facets.turns : undefined;
  };
  expect([turns('a'), turns(['a', 'b']), turns([1, 2, 3]), turns([[1], [2]])]).toEqual([1, 2, 1, 2]);
  const kept = (answer: string) =>
    JSON.parse(new TextDecoder().decode(protocol.readAnswer(encode(answer)).message()))[0];
  expect(kept(body)).toMatchObject({ type: 'embeddings', count: 2, dimensions: 3, encoding: 'float' });
  const base64 = Buffer.from(new Float32Array(7).buffer).toString('base64');
  expect(kept(JSON.stringify({ data: [{ embedding: base64 }] }))).toMatchObject({
    dimensions: 7,
    encoding: 'base64',
  });
  expect(kept(body).sha256).toBe(kept(body.replace('"prompt_tokens":8', '"prompt_tokens":9')).sha256);
  expect(kept(body).sha256).not.toBe(kept(body.replace('-0.25', '-0.26')).sha256);
});

test('openai-embeddings: inputs are shown as text, tokens as they came', () => {
  expect(protocol.readMessage(encode('{"role":"user","input":["a",[1,2]]}'))).toEqual([
    {
      role: 'user',
      parts: [
        { kind: 'text', text: 'a' },
        { kind: 'other', type: 'tokens', json: '[1,2]' },
      ],
    },
  ]);
});
