import Anthropic from '@anthropic-ai/sdk';
import { conformance, fixture } from '../shared/conformance.case.test.ts';
import { anthropicErrorClass } from '../shared/sdk-errors.case.test.ts';
import { anthropicCountTokens as protocol } from './index.ts';

conformance({
  protocol,
  asks: [
    {
      model: 'claude-opus-4-7',
      system: 'Be brief.',
      messages: [{ role: 'user', content: 'hi' }],
      tools: [{ name: 'f', input_schema: { type: 'object' } }],
    },
    { model: 'm', messages: [{ role: 'user', content: 'hi' }] },
  ],
  badAsks: [
    { ask: { model: 'm' }, param: 'messages', says: /missing/ },
    { ask: { messages: [] }, param: 'model', says: /missing/ },
  ],
  answers: [
    {
      name: 'count',
      body: new TextDecoder().decode(await fixture(import.meta.dir, 'answer.json')),
      outcome: 'complete',
      usage: { input: 0, basis: 'none' },
      textLength: 0,
      message: [{ input_tokens: 2095 }],
    },
    { name: 'nothing', body: '{}', outcome: 'invalid', failure: 'empty' },
    {
      name: 'error',
      body: '{"type":"error","error":{"type":"api_error","message":"x"}}',
      outcome: 'error',
      failure: 'provider_error',
    },
  ],
  streams: [],
  call: (response) =>
    new Anthropic({ apiKey: 'none', maxRetries: 0, fetch: async () => response }).messages.countTokens({
      model: 'm',
      messages: [],
    }),
  errorClass: anthropicErrorClass,
  streamErrorClass: Anthropic.APIError,
});
