import { expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
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
