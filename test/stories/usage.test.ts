import { afterEach, expect, test } from 'bun:test';
import OpenAI from 'openai';
import { type PuppetHouse, puppetHouse } from '../support/houses.ts';
import { type Behaviour, chunk, LAST_CHUNK, streamed } from '../support/puppet.ts';
import { openai } from '../support/speech.ts';
import { ANTHROPIC, asked, OPENAI } from '../support/tongues.ts';

/** Usage that the caller did not ask for: asked for where the route says so, read, and not shown. */
let set: PuppetHouse | undefined;
afterEach(async () => {
  await set?.stop();
  set = undefined;
});

const EVENTS = [openai.role, openai.delta('Hel'), openai.delta('lo'), openai.delta('', 'stop')];
const WISH = '"stream_options":{"include_usage":true}';
const wishes = (body: Uint8Array) => new TextDecoder().decode(body).includes(WISH);

/** Reports usage as OpenAI does: only when asked. `size`: bytes a chunk. */
const provider =
  (size = 10_000): Behaviour =>
  ({ write, body }) => {
    write(streamed(OPENAI.sse));
    const all = [...EVENTS, ...(wishes(body) ? [openai.usage] : []), openai.done].join('');
    for (let at = 0; at < all.length; at += size) write(chunk(all.slice(at, at + size)));
    write(LAST_CHUNK);
  };

async function ask(behaviour: Behaviour, usage: 'ask' | 'pass', more: object = {}) {
  set = await puppetHouse(behaviour, { tongue: OPENAI, route: { usage } });
  const body = JSON.stringify({ ...openai.ask({ stream: true, ...more }), model: 'm-1' });
  const answer = await fetch(`${set.house.url}${openai.path}`, { method: 'POST', body });
  const text = await answer.text();
  return { body, text, sent: new TextDecoder().decode(set.first.calls[0]?.body), facts: await set.record(0) };
}

test.each([1, 7, 64, 10_000])('asked for, read and not shown; %p bytes a chunk', async (size) => {
  const { body, sent, text, facts } = await ask(provider(size), 'ask');
  expect(sent).toBe(body.replace('{', `{${WISH},`));
  expect(text).toBe(EVENTS.join('') + openai.done);
  expect(facts.usage).toMatchObject({ basis: 'reported', input: 60, cacheRead: 40, output: 20 });
});

test('who asks for it himself sees it, and not a byte is changed', async () => {
  const { body, sent, text } = await ask(provider(), 'ask', { stream_options: { include_usage: true } });
  expect(sent).toBe(body);
  expect(text).toBe(EVENTS.join('') + openai.usage + openai.done);
});

test('by default the ask passes as it is, and its cost is an estimate', async () => {
  const { body, sent, text, facts } = await ask(provider(), 'pass');
  expect(sent).toBe(body);
  expect(text).toBe(EVENTS.join('') + openai.done);
  expect(facts.usage.basis).toBe('estimated');
});

test('a last event without its blank line is not shown either', async () => {
  const { text, facts } = await ask(({ write }) => {
    write(`${streamed(OPENAI.sse, ...EVENTS, openai.usage.trimEnd())}${LAST_CHUNK}`);
  }, 'ask');
  expect(text).toBe(EVENTS.join('') + openai.done);
  expect(facts.usage.basis).toBe('reported');
});

test('the real client is none the wiser', async () => {
  set = await puppetHouse(provider(), { tongue: OPENAI, route: { usage: 'ask' } });
  const client = new OpenAI({ baseURL: `${set.house.url}/v1`, apiKey: 'x', maxRetries: 0 });
  const answer = client.chat.completions.stream({ model: 'm-1', messages: [{ role: 'user', content: '?' }] });
  const whole = await answer.finalChatCompletion();
  expect(whole.choices[0]?.message.content).toBe('Hello');
  expect(whole.usage ?? undefined).toBeUndefined();
});

test('a translated call always asks', async () => {
  set = await puppetHouse(provider(), { tongue: OPENAI });
  expect(await asked(set.house.url, ANTHROPIC, { stream: true })).toMatchObject({ text: 'Hello' });
  expect(wishes(set.first.calls[0]?.body as Uint8Array)).toBe(true);
  expect((await set.record(0)).usage.basis).toBe('reported');
});
