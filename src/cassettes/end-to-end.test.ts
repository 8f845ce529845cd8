import { afterAll, expect, test } from 'bun:test';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import type { Transport } from '#contracts';
import { systemClock, virtualClock } from '#kernel';
import { createRedactor } from '#telemetry';
import { createCassettes } from './cassettes.ts';
import { nodeCassetteFiles } from './files.ts';
import { write } from './format.ts';
import { chat, fetchTransport, hear, say, spoken } from './testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'cassettes-'));
const clock = systemClock();
const redactor = createRedactor();
let upstreamCalls = 0;

const upstream = Bun.serve({
  port: 7940,
  hostname: '127.0.0.1',
  async fetch(request) {
    upstreamCalls++;
    const { stream } = (await request.json()) as { stream?: boolean };
    if (!stream) return Response.json({ error: { message: 'streams only' } }, { status: 400 });
    const { chunks } = spoken(['Good ', 'mid', `watch ${upstreamCalls}`]);
    return new Response(
      new ReadableStream({
        async pull(controller) {
          for (const [, text] of chunks) {
            controller.enqueue(new TextEncoder().encode(text as string));
            await clock.sleep(3);
          }
          controller.close();
        },
      }),
      {
        headers: { 'content-type': 'text/event-stream', 'set-cookie': 'session=1', 'x-request-id': 'req_1' },
      },
    );
  },
});

function piped(left: () => void) {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const readable = new ReadableStream<Uint8Array>({
    start(c) {
      controller = c;
    },
    cancel: left,
  });
  return { readable, controller: controller as ReadableStreamDefaultController<Uint8Array> };
}

/** What stands where the gateway stands: a socket in front, a transport behind. */
function front(port: number, transport: Transport) {
  return Bun.serve({
    port,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const body = new Uint8Array(await request.arrayBuffer());
      return new Promise((resolve) => {
        const { promise: closed, resolve: left } = Promise.withResolvers<void>();
        const { readable, controller } = piped(left);
        const call = transport(
          {
            url: `http://127.0.0.1:7940${pathname}`,
            method: request.method,
            headers: Object.fromEntries(request.headers),
            body,
          },
          {
            connected() {},
            head: (status, headers) =>
              resolve(new Response(readable, { status, headers: headers as Record<string, string> })),
            data: (bytes) => controller.enqueue(bytes),
            end: () => controller.close(),
            fail: ({ detail }) => resolve(new Response(detail, { status: 502 })),
          },
        );
        closed.then(() => call.cancel());
      });
    },
  });
}

const cassettes = (mode: 'record' | 'replay') =>
  createCassettes({
    inner: fetchTransport,
    mode,
    files: nodeCassetteFiles(join(folder, 'e2e')),
    clock,
    mask: (text) => redactor.secrets(text).text,
  });
const servers = [upstream];
afterAll(() => {
  for (const server of servers) server.stop(true);
  rmSync(folder, { recursive: true });
});

async function suite(port: number) {
  const client = new OpenAI({
    baseURL: `http://127.0.0.1:${port}/v1`,
    apiKey: 'sk-proj-Zk3mQ9vT2xL7wR4bN8cY1dF6',
  });
  const said: string[] = [];
  for (const content of ['one', 'two', 'one']) {
    const stream = await client.chat.completions.create({
      model: 'gpt-5.5',
      messages: [{ role: 'user', content }],
      stream: true,
    });
    let text = '';
    for await (const event of stream) text += event.choices[0]?.delta.content ?? '';
    said.push(text);
  }
  return { client, said };
}

test('a real client, a real socket: recorded once, then replayed without the provider', async () => {
  const recorder = cassettes('record');
  servers.push(front(7941, recorder.transport));
  const { said } = await suite(7941);
  expect(said).toEqual(['Good midwatch 1', 'Good midwatch 2', 'Good midwatch 3']);
  // The client is content with the last event; the connection ends a moment later.
  while (recorder.report().recorded + recorder.report().dropped < 3) await clock.sleep(1);
  recorder.flush();
  upstream.stop(true);

  const player = cassettes('replay');
  servers.push(front(7942, player.transport));
  const again = await suite(7942);
  expect(again.said).toEqual(said);
  expect(upstreamCalls).toBe(3);

  const missed = await again.client.chat.completions
    .create({ model: 'gpt-5.5', messages: [{ role: 'user', content: 'three' }], stream: true })
    .then(
      () => undefined,
      (error: InstanceType<typeof OpenAI.APIError>) => error,
    );
  expect(missed?.status).toBe(409);
  expect(missed?.code).toBe('cassette_miss');
  expect(missed?.message).toContain('recorded "two", asked "three"');
  expect(player.report()).toMatchObject({ calls: 4, replayed: 3, misses: 1 });

  const names = readdirSync(join(folder, 'e2e'));
  expect(names.length).toBe(2);
  const texts = names.map((name) => readFileSync(join(folder, 'e2e', name), 'utf8')).join('');
  expect(texts).not.toContain('Zk3mQ9vT');
  expect(texts).not.toContain('session=1');
  expect(texts).toContain('req_1');
});

test('a folder of 10,000 cassettes: a call opens one file', async () => {
  const time = virtualClock();
  const files = nodeCassetteFiles(join(folder, 'many'));
  const one = createCassettes({ inner: fetchTransport, mode: 'replay', files, clock: time, mask: (t) => t });
  const { key } = JSON.parse((await time.run(hear(one.transport, chat(say('hi')), time))).text).cassette;
  const take = {
    occurrence: 0,
    recordedAt: 0,
    ended: 'whole' as const,
    status: 200,
    headers: {},
    endAt: 0,
    chunks: [{ at: 0, text: 'found' }],
  };
  const request = {
    method: 'POST',
    host: 'api.openai.com',
    path: '/v1/chat/completions',
    headers: {},
    body: say('hi'),
  };
  let reads = 0;
  const names = Array.from(
    { length: 10_000 },
    (_, i) => `chat-completions.gpt-5.5.${i.toString(16).padStart(32, '0')}.json`,
  );
  const many = createCassettes({
    inner: fetchTransport,
    mode: 'replay',
    files: {
      ...files,
      list: () => [...names, `chat-completions.gpt-5.5.${key}.json`],
      read(name) {
        reads++;
        return name.includes(key) ? write({ key, request, accepted: [], takes: [take] }) : undefined;
      },
    },
    clock: time,
    mask: (t) => t,
  });
  expect((await time.run(hear(many.transport, chat(say('hi')), time))).text).toBe('found');
  expect(reads).toBe(1);
  await time.run(hear(many.transport, chat(say('unknown')), time));
  expect(reads).toBeLessThanOrEqual(1_001);
});

test('the real folder: written whole or not at all, absent is empty', () => {
  const files = nodeCassetteFiles(join(folder, 'real', 'deep'));
  expect(files.list()).toEqual([]);
  expect(files.read('a.json')).toBeUndefined();
  files.write('a.json', 'first, and longer');
  files.write('a.json', 'second');
  expect(files.list()).toEqual(['a.json']);
  expect(files.read('a.json')).toBe('second');
  files.remove('a.json');
  files.remove('a.json');
  expect(files.list()).toEqual([]);
});
