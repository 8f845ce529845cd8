import { afterEach, describe, expect, test } from 'bun:test';
import { Agent, request } from 'node:http';
import OpenAI from 'openai';
import type { Handler } from '#contracts';
import { echo, serve, stopServers } from './testing/server.ts';

afterEach(stopServers);

const chunk = (content: string) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`;

/** Enough of a chat endpoint for the real client; the last message says how it is to end. */
const chat: Handler = (_, outgoing) => (body) => {
  const { stream, messages } = JSON.parse(Buffer.from(body as Uint8Array).toString());
  if (!stream)
    return outgoing.send(
      200,
      { 'content-type': 'application/json' },
      JSON.stringify({
        id: 'c',
        object: 'chat.completion',
        choices: [{ index: 0, message: { role: 'assistant', content: 'héllo' }, finish_reason: 'stop' }],
      }),
    );
  outgoing.begin(200, { 'content-type': 'text/event-stream' });
  outgoing.write(chunk('hé'));
  setTimeout(() => {
    outgoing.write(chunk('llo'));
    if (messages.at(-1).content === 'break') return outgoing.break();
    outgoing.write('data: [DONE]\n\n');
    outgoing.end();
  }, 5);
};

describe('the openai client', () => {
  const ask = async (url: string, content: string) => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'k', maxRetries: 0 });
    let text = '';
    const stream = await client.chat.completions.create({
      model: 'm',
      stream: true,
      messages: [{ role: 'user', content }],
    });
    for await (const part of stream) text += part.choices[0]?.delta.content ?? '';
    return text;
  };

  test('gets its answer, whole or in parts', async () => {
    const { url } = serve(chat);
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'k', maxRetries: 0 });
    const whole = await client.chat.completions.create({
      model: 'm',
      messages: [{ role: 'user', content: 'hi' }],
    });
    expect(whole.choices[0]?.message.content).toBe('héllo');
    expect(await ask(url, 'hi')).toBe('héllo');
  });

  test('does not take a broken stream for a whole one', async () => {
    const { url } = serve(chat);
    await expect(ask(url, 'break')).rejects.toThrow();
  });
});

describe('a broken answer is an error', () => {
  const broken: Handler = (_, outgoing) => () => {
    outgoing.begin(200, {});
    outgoing.write('hello');
    outgoing.break();
  };

  test('for fetch, which sees what was sent before', async () => {
    const { url } = serve(broken);
    const response = await fetch(url);
    const reader = response.body!.getReader();
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('hello');
    await expect(reader.read()).rejects.toThrow();
    await expect((await fetch(url)).text()).rejects.toThrow();
  });

  test('for node:http', async () => {
    const { url } = serve(broken);
    const outcome = await new Promise((resolve) => {
      request(url, (response) => {
        let text = '';
        response.on('data', (part) => {
          text += part;
        });
        response.on('end', () => resolve('end'));
        response.on('error', (error: { code?: string }) => resolve([text, error.code]));
      }).end();
    });
    expect(outcome).toEqual(['hello', 'ECONNRESET']);
  });

  test.skipIf(Bun.which('curl') === null)('for curl', async () => {
    const { url } = serve(broken);
    const curl = Bun.spawn(['curl', '-sN', url], { stdout: 'pipe' });
    expect(await new Response(curl.stdout).text()).toBe('hello');
    expect(await curl.exited).toBe(18);
  });
});

test('node:http keeps one connection for many requests, and reads what fetch reads', async () => {
  const server = serve(echo);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let i = 0; i < 20; i++) {
    const text = await new Promise<string>((resolve, reject) => {
      const one = request(
        `${server.url}/n?i=${i}`,
        { agent, method: 'POST', headers: { 'x-i': i, 'transfer-encoding': 'chunked' } },
        (response) => {
          let body = '';
          response.on('data', (part) => {
            body += part;
          });
          response.on('end', () => resolve(body));
        },
      );
      one.on('error', reject);
      one.write(`a${i}`);
      one.end('b');
    });
    expect(JSON.parse(text)).toMatchObject({
      path: '/n',
      query: `i=${i}`,
      body: `a${i}b`,
      headers: { 'x-i': `${i}` },
    });
  }
  expect(server.connections()).toBe(1);
  agent.destroy();
  const answer = await fetch(`${server.url}/f`, { method: 'PUT', body: 'x', headers: { 'x-latin': 'é' } });
  expect(await answer.json()).toMatchObject({
    method: 'PUT',
    path: '/f',
    body: 'x',
    headers: { 'x-latin': 'é' },
  });
});
