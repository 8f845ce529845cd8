import { expect, test } from 'bun:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { systemClock, virtualClock } from '#kernel';
import { type Bill, createSimulator, EMPTY_WORLD, loadWorld, type Simulator } from './index.ts';

const HOST = 'http://simulator';
const chat = (body: object, init: RequestInit = {}) =>
  new Request(`${HOST}/v1/chat/completions`, {
    method: 'POST',
    ...init,
    body: JSON.stringify({ model: 'sim', messages: [{ role: 'user', content: 'hello' }], ...body }),
  });

async function listening<T>(use: (at: string, sim: Simulator) => Promise<T>): Promise<T> {
  const sim = createSimulator({ clock: systemClock(), seed: 7 });
  const server = sim.listen({ port: 0 });
  try {
    return await use(server.url, sim);
  } finally {
    server.stop();
  }
}

test('the official clients talk to it over a socket, streaming and not, and hear the same', async () => {
  await listening(async (url) => {
    const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'sk-test' });
    const ask = { model: 'sim', messages: [{ role: 'user' as const, content: 'hello wörld' }] };
    const unary = await openai.chat.completions.create(ask);
    let streamed = '';
    for await (const chunk of await openai.chat.completions.create({ ...ask, stream: true }))
      streamed += chunk.choices[0]?.delta.content ?? '';
    expect(streamed).toBe(unary.choices[0]?.message.content ?? '');

    const anthropic = new Anthropic({ baseURL: url, apiKey: 'sk-test' });
    const question = {
      model: 'sim',
      max_tokens: 200,
      messages: [{ role: 'user' as const, content: 'hello' }],
    };
    const message = await anthropic.messages.create(question);
    const told = await anthropic.messages.stream(question).finalMessage();
    expect<unknown>(told.content).toEqual(message.content);
    expect(told.usage.output_tokens).toBe(message.usage.output_tokens);
  });
});

test('in process on a virtual clock: an hour of waiting takes no time, and the same seed says the same', async () => {
  const run = async () => {
    const clock = virtualClock();
    const sim = createSimulator({ clock, seed: 3 });
    const response = await clock.run(
      sim.fetch(chat({ stream: true }, { headers: { 'x-sim-law': 'first=3600000' } })),
    );
    const text = await clock.run(response.text());
    return { text, at: clock.monotonic() };
  };
  const first = await run();
  expect(first.at).toBeGreaterThan(600_000);
  const second = await run();
  expect(second.text).toBe(first.text);
  expect(second.at).toBe(first.at);
});

test('the ledger agrees with what clients were told', async () => {
  const clock = virtualClock();
  const sim = createSimulator({ clock });
  let input = 0;
  let output = 0;
  for (let i = 0; i < 20; i++) {
    const response = await clock.run(
      sim.fetch(chat({ messages: [{ role: 'user', content: `question ${i}` }] })),
    );
    const { usage } = (await clock.run(response.json())) as {
      usage: { prompt_tokens: number; completion_tokens: number };
    };
    input += usage.prompt_tokens;
    output += usage.completion_tokens;
  }
  const { total } = sim.ledger();
  expect(total).toMatchObject({ requests: 20, completions: 20, tokens: { input, output } });
});

test('a caller who leaves stops the generation and is counted', async () => {
  const clock = virtualClock();
  const sim = createSimulator({ clock });
  const leaving = new AbortController();
  const request = chat(
    { stream: true },
    { headers: { 'x-sim-law': 'first=1;gap=1000' }, signal: leaving.signal },
  );
  const response = await clock.run(sim.fetch(request));
  const reader = response.body!.getReader();
  await clock.run(reader.read());
  leaving.abort(new Error('gone'));
  await expect(clock.run(reader.read())).rejects.toThrow('gone');
  expect(clock.pending).toBe(0);
  expect(sim.ledger().total).toMatchObject({ cancelled: 1, completions: 0 });
});

test('a caller who hangs up a socket stops the generation too', async () => {
  await listening(async (url, sim) => {
    const leaving = new AbortController();
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'x-sim-law': 'first=1;gap=60000' },
      body: JSON.stringify({ model: 'sim', stream: true, messages: [{ role: 'user', content: 'hello' }] }),
      signal: leaving.signal,
    });
    await response.body!.getReader().read();
    leaving.abort();
    while (sim.ledger().total.cancelled === 0) await Bun.sleep(5);
    expect(sim.ledger().total).toMatchObject({ cancelled: 1, completions: 0 });
  });
});

test('the bill lists every call that was billed under the id its answer carried, cancelled ones too', async () => {
  const clock = virtualClock();
  const world = loadWorld('models: { sim: { prices: { input: 2, output: 10 } } }');
  const sim = createSimulator({ clock, world });
  const done = await clock.run(sim.fetch(chat({}, {})));
  await clock.run(done.text());
  const leaving = new AbortController();
  const left = await clock.run(
    sim.fetch(
      chat({ stream: true }, { headers: { 'x-sim-law': 'first=1;gap=1000' }, signal: leaving.signal }),
    ),
  );
  await clock.advance(5_000);
  leaving.abort(new Error('gone'));
  await clock.advance(1);
  await clock.run(sim.fetch(chat({}, { headers: { 'x-sim-fault': 'status;code=500' } })));
  const bill = (await (await sim.fetch(new Request(`${HOST}/sim/bill`))).json()) as Bill;
  expect(bill).toEqual(JSON.parse(JSON.stringify(sim.bill())));
  expect(bill.calls).toMatchObject([
    { requestId: done.headers.get('x-request-id'), whole: true },
    { requestId: left.headers.get('x-request-id'), whole: false },
  ]);
  for (const { tokens, microUsd } of bill.calls) {
    expect(tokens.output).toBeGreaterThan(0);
    expect(microUsd).toBe(2 * tokens.input + 10 * tokens.output);
  }
  expect(bill).toMatchObject({ count: 2, microUsd: sim.ledger().total.microUsd });
});

test('in process too, a reader who stops reading stops the generation', async () => {
  const clock = virtualClock();
  const sim = createSimulator({ clock });
  const content = `echo: ${'abc '.repeat(20_000).trim()}`;
  const ask = { model: 'sim-instant', stream: true, messages: [{ role: 'user', content }] };
  const response = await clock.run(sim.fetch(chat(ask)));
  await clock.advance(1000);
  expect(sim.ledger().total.completions).toBe(0);
  expect(await clock.run(response.text())).toEndWith('data: [DONE]\n\n');
  expect(sim.ledger().total).toMatchObject({ completions: 1, tokens: { output: 20_000 } });
});

test('a world with a fault that does not exist is refused at once', () => {
  const scene = { fault: 'cutt', with: {}, on: {}, probability: 1 };
  expect(() =>
    createSimulator({ clock: virtualClock(), world: { ...EMPTY_WORLD, timeline: [scene] } }),
  ).toThrow('Did you mean "cut"?');
});
