import { afterAll, beforeAll, expect, test } from 'bun:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { type TestGateway, testGateway } from '../support/gateway.ts';
import { openai } from '../support/speech.ts';
import { type ScriptedUpstream, scriptedUpstream } from '../support/upstream.ts';

/** What a caller says beside the body, and says wrongly. */
let up: ScriptedUpstream;
let house: TestGateway;
beforeAll(async () => {
  up = await scriptedUpstream();
  up.play({ headers: openai.json, framing: 'length', parts: [openai.error('never asked')] });
  house = testGateway({
    providers: { up: { protocol: 'openai', baseUrl: `http://127.0.0.1:${up.port}/v1` } },
    routes: {
      any: {
        match: { protocol: 'openai-chat' },
        tiers: [{ name: 'primary', targets: [{ provider: 'up' }] }],
      },
      chat: { match: { model: 'chat/large' }, tiers: [{ name: 'primary', targets: [{ provider: 'up' }] }] },
    },
  });
});
afterAll(async () => {
  house.stop();
  await up.stop();
});

const ask = (headers: Record<string, string>) =>
  fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model: 'chat/large', messages: [{ role: 'user', content: 'Hi.' }] }),
  });

test('a model named by half a character ends like any other', async () => {
  up.play({ headers: openai.sse, parts: [openai.role, openai.delta('Here.', 'stop'), openai.done] });
  const response = await fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    body: '{"model":"\\ud800","stream":true,"messages":[{"role":"user","content":"Hi."}]}',
  });
  expect(await response.text()).toContain('[DONE]');
  expect(house.gateway.stats().streams).toBe(0);
  expect(up.heard).toHaveLength(1);
});

test('a deadline that is no number is refused, as an unknown priority is', async () => {
  for (const word of ['soon', '0', '-5']) {
    const response = await ask({ 'x-midwatch-deadline-ms': word });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('x-midwatch-deadline-ms');
  }
});

test('a packed body is told to be one, not to be bad JSON', async () => {
  const response = await ask({ 'content-encoding': 'gzip' });
  expect(response.status).toBe(400);
  expect(await response.text()).toContain('content-encoding: gzip');
  expect(up.heard).toHaveLength(1);
});

test('a model is found by its name, and one that is not there is a typed error of both clients', async () => {
  const client = new OpenAI({ baseURL: `${house.url}/v1`, apiKey: 'x', maxRetries: 0 });
  expect(await client.models.retrieve('chat/large')).toMatchObject({ id: 'chat/large', object: 'model' });
  const missing = await client.models.retrieve('nobody').catch((error: unknown) => error);
  expect(missing).toBeInstanceOf(OpenAI.NotFoundError);
  const anthropic = new Anthropic({ baseURL: house.url, apiKey: 'x', maxRetries: 0 });
  const gone = await anthropic.models.retrieve('nobody').catch((error: unknown) => error);
  expect(gone).toBeInstanceOf(Anthropic.NotFoundError);
});
