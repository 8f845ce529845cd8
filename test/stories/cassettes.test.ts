import { expect, test } from 'bun:test';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { product, until } from '../support/product.ts';
import { simulatorAt } from '../support/simulator.ts';

const config = (port: string) => `providers:
  up: { protocol: openai, baseUrl: ${port}/v1, apiKey: x, prices: { sim: { input: 1, output: 10 } } }
routes:
  chat: { tiers: [{ name: primary, targets: [{ provider: up }] }] }
`;

test('recorded once, replayed for nothing, offline: the same bytes, and an edit that was never recorded is told as one', async () => {
  const sim = simulatorAt();
  const recording = await product({ config: config(sim.url), flags: ['--record'] });
  const chat = (url: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey: 'x', maxRetries: 0 });
  const ask = { model: 'sim', messages: [{ role: 'user' as const, content: 'in 30 words' }] };
  const stream = async (url: string) => {
    let text = '';
    for await (const chunk of await chat(url).chat.completions.create({ ...ask, stream: true }))
      text += chunk.choices[0]?.delta.content ?? '';
    return text;
  };
  const whole = await chat(recording.url).chat.completions.create(ask);
  const told = await stream(recording.url);
  expect(await recording.stop()).toBe(0);
  expect(readdirSync(join(recording.folder, 'cassettes')).length).toBeGreaterThan(0);
  sim.stop();

  const replaying = await recording.again({ flags: ['--replay'] });
  expect(await chat(replaying.url).chat.completions.create(ask)).toEqual(whole);
  expect(await stream(replaying.url)).toBe(told);
  const missed = await chat(replaying.url)
    .chat.completions.create({ ...ask, messages: [{ role: 'user', content: 'in 31 words' }] })
    .catch((error: unknown) => error);
  expect(missed).toBeInstanceOf(OpenAI.ConflictError);
  expect(String(missed)).toContain('messages');
  const exchanges = await until(async () => {
    const { rows } = await replaying.api.exchanges.list();
    return rows.length >= 5 && rows;
  }, 'the record of five exchanges');
  expect(
    exchanges
      .filter((e) => e.outcome === 'complete')
      .map((e) => e.microUsd)
      .slice(0, 2),
  ).toEqual([0, 0]);
  await replaying.stop();
  expect(replaying.log()).toContain('2 replayed');
  recording.remove();
}, 60_000);

test('without a key and without a file: what the simulator said is replayed, whoever has a key by then', async () => {
  const recording = await product({ flags: ['--record'] });
  const ask = { model: 'sim', messages: [{ role: 'user', content: 'in 30 words' }] };
  const told = async (url: string) =>
    (await fetch(`${url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(ask) })).text();
  const first = await told(recording.url);
  await recording.stop();
  const env = { OPENAI_API_KEY: 'sk-of-this-machine' };
  const replaying = await recording.again({ flags: ['--replay'], env });
  expect(await told(replaying.url)).toBe(first);
  await replaying.stop();
  recording.remove();
}, 60_000);

const SAYS = {
  id: 'm',
  object: 'chat.completion',
  model: 'm',
  created: 1,
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
};
const answer = (content: string) =>
  Response.json({
    ...SAYS,
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
  });

/** A provider that fails as the question wants it to, and another that never does. */
function weather() {
  let calls = 0;
  const first = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      calls++;
      const { messages } = (await request.json()) as { messages: { content: string }[] };
      switch (messages.at(-1)?.content) {
        case 'busy':
          return Response.json({ error: { message: 'overloaded' } }, { status: 503 });
        case 'full':
          return Response.json(
            { error: { message: 'slow down', type: 'requests' } },
            { status: 429, headers: { 'retry-after': new Date(Date.now() + 30_000).toUTCString() } },
          );
        case 'silent':
          await Bun.sleep(3_000);
          return answer('late');
        default:
          return answer('first');
      }
    },
  });
  const second = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch() {
      calls++;
      return answer('second');
    },
  });
  const config = `providers:
  up: { protocol: openai, baseUrl: 'http://127.0.0.1:${first.port}/v1', apiKey: x, free: true }
  other: { protocol: openai, baseUrl: 'http://127.0.0.1:${second.port}/v1', apiKey: x, free: true }
routes:
  chat:
    match: { model: m }
    timeouts: { whole: 700ms }
    tiers:
      - { name: primary, targets: [{ provider: up }] }
      - { name: fallback, targets: [{ provider: other, model: m2 }] }
`;
  return {
    config,
    calls: () => calls,
    stop: () => Promise.all([first.stop(true), second.stop(true)]),
  };
}

test('a suite that tests its error handling is replayed with its errors, and a miss is final, in every dialect, asked once', async () => {
  const providers = weather();
  const recording = await product({ config: providers.config, flags: ['--record'] });
  const ask = async (url: string, content: string) => {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] }),
    });
    const { choices } = (await response.json()) as { choices?: { message: { content: string } }[] };
    return {
      status: response.status,
      tier: response.headers.get('x-midwatch-tier'),
      attempts: response.headers.get('x-midwatch-attempts'),
      said: choices?.[0]?.message.content,
    };
  };
  const kinds = ['fine', 'busy', 'silent', 'full'] as const;
  const suite = async (url: string) => {
    const seen: Record<string, unknown> = {};
    for (const kind of kinds) seen[kind] = await ask(url, kind);
    return seen;
  };
  const lived = await suite(recording.url);
  expect(lived).toMatchObject({
    fine: { status: 200, tier: 'primary', said: 'first' },
    busy: { status: 200, tier: 'fallback', attempts: '3', said: 'second' },
    silent: { status: 200, tier: 'fallback', attempts: '2', said: 'second' },
    full: { status: 200, tier: 'fallback', attempts: '2', said: 'second' },
  });
  expect(await recording.stop()).toBe(0);
  const paid = providers.calls();
  await providers.stop();

  const replaying = await recording.again({ flags: ['--replay'] });
  expect(await suite(replaying.url)).toEqual(lived);
  expect(providers.calls()).toBe(paid);
  await replaying.stop();

  // Without the failure on file the second tier has an answer to the very question: it must not be given.
  const folder = join(recording.folder, 'cassettes');
  const [failed] = readdirSync(folder).filter((name) =>
    readFileSync(join(folder, name), 'utf8').includes('overloaded'),
  );
  rmSync(join(folder, failed as string));
  const strict = await recording.again({ flags: ['--replay'] });
  const asked: string[] = [];
  const counting = (url: string | URL | Request, init?: RequestInit) => {
    asked.push(String(url));
    return fetch(url, init);
  };
  const openai = new OpenAI({ baseURL: `${strict.url}/v1`, apiKey: 'x', fetch: counting as typeof fetch });
  const missed = await openai.chat.completions
    .create({ model: 'm', messages: [{ role: 'user', content: 'busy' }] })
    .catch((error: unknown) => error);
  expect(missed).toBeInstanceOf(OpenAI.ConflictError);
  expect((missed as InstanceType<typeof OpenAI.APIError>).headers?.get('x-midwatch-attempts')).toBe('1');
  expect(String(missed)).toContain('No cassette for POST /v1/chat/completions (m)');

  const anthropic = new Anthropic({ baseURL: strict.url, apiKey: 'x', fetch: counting as typeof fetch });
  const across = await anthropic.messages
    .create({ model: 'm', max_tokens: 64, messages: [{ role: 'user', content: 'busy' }] })
    .catch((error: unknown) => error);
  expect(across).toBeInstanceOf(Anthropic.ConflictError);
  expect(String(across)).toContain('No cassette for POST /v1/chat/completions (m)');
  expect(String(across)).not.toContain('provider');
  expect(asked).toHaveLength(2);
  // Nobody was asked, so nobody stands worse for it.
  expect(await ask(strict.url, 'fine')).toMatchObject({ status: 200, tier: 'primary', said: 'first' });
  await strict.stop();
  recording.remove();
}, 60_000);
