import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { RedisClient } from 'bun';
import { type RedisServer, startRedis } from '#ledger/testing';
import { freshDatabase } from '#store/testing';
import { type Product, product, until } from '../support/product.ts';
import { type ScriptedUpstream, scriptedUpstream } from '../support/upstream.ts';

/**
 * One key is one call, on whichever replica and thread its retries come in: three gateways of the whole product, the first with
 * two threads, on one Postgres and one Redis. The provider's own count says how often it was asked.
 */
setDefaultTimeout(120_000);

const houses: Product[] = [];
let database: Awaited<ReturnType<typeof freshDatabase>>;
let redis: RedisServer;
let up: ScriptedUpstream;

const config = (threads: number, more = '') => `
redis: ${redis.url}
gateway: { threads: ${threads} }
providers:
  up: { protocol: openai, baseUrl: "http://127.0.0.1:${up.port}/v1", apiKey: sk-up, free: true }
routes:
  chat: { tiers: [{ name: primary, targets: [{ provider: up }] }] }
idempotency: { linger: 500ms${more} }
`;
const start = async (threads = 1, more?: string) => {
  const house = await product({ config: config(threads, more), env: { DATABASE_URL: database.url } });
  houses.push(house);
  return house;
};

beforeAll(async () => {
  database = await freshDatabase();
  redis = await startRedis();
  up = await scriptedUpstream();
  await start(2);
  await start();
  await start();
});
afterAll(async () => {
  await Promise.all(houses.map((house) => house.stop()));
  for (const house of houses) house.remove();
  await up.stop();
  await redis.stop();
  await database.drop();
});

const COMPLETION = JSON.stringify({
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Ahoi, ¡olé! 海' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});
const event = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const WORDS = Array.from({ length: 40 }, (_, i) => `wort${i} 海 `);
const STREAM = [...WORDS.map((content) => event({ content })), event({}, 'stop'), 'data: [DONE]\n\n'];
const JSON_HEAD = { 'content-type': 'application/json' };
const whole = (delay = 0) =>
  up.play({ status: 200, headers: JSON_HEAD, framing: 'length', parts: [COMPLETION], delay });
const streaming = (pause: number) =>
  up.play({
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    framing: 'chunked',
    parts: STREAM,
    pause,
  });

const post = (house: Product, key: string, body: object = {}, init: RequestInit = {}) =>
  fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key, connection: 'close' },
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...body }),
    ...init,
  });
const told = (response: Response) => response.headers.get('x-midwatch-idempotent');
const asked = () => up.heard.length;

test('ninety callers at once on three replicas and four threads, and all of them again: one call, the same bytes', async () => {
  whole(400);
  const before = asked();
  const answers = await Promise.all(
    Array.from({ length: 90 }, (_, i) => post(houses[i % 3] as Product, 'one')),
  );
  const texts = await Promise.all(answers.map((answer) => answer.text()));
  const again = await Promise.all(houses.flatMap((house) => [post(house, 'one'), post(house, 'one')]));
  texts.push(...(await Promise.all(again.map((answer) => answer.text()))));
  expect(new Set(texts)).toEqual(new Set([COMPLETION]));
  expect(asked() - before).toBe(1);
  expect(new Set([...answers, ...again].map((a) => a.headers.get('x-midwatch-exchange'))).size).toBe(1);
  expect(answers.filter((answer) => told(answer) === null)).toHaveLength(1);
  expect(again.map(told)).not.toContain(null);
});

test('another question under the same key is refused on every replica, a resample is a call of its own', async () => {
  const others = await Promise.all(houses.map((house) => post(house, 'one', { temperature: 1 })));
  expect(others.map(({ status }) => status)).toEqual([422, 422, 422]);
  whole();
  const before = asked();
  for (const house of houses) {
    const { status } = await post(
      house,
      'one',
      {},
      {
        headers: { 'content-type': 'application/json', 'idempotency-key': 'one', 'x-midwatch-resample': '1' },
      },
    );
    expect(status).toBe(200);
  }
  expect(asked() - before).toBe(1);
});

test('a stream is joined on other replicas half-way, comes there as it is said, and is replayed there', async () => {
  streaming(30);
  const before = asked();
  const [first, second, third] = houses as [Product, Product, Product];
  const leading = await post(first, 'stream', { stream: true });
  const reader = leading.body?.getReader();
  let said = new TextDecoder().decode((await reader?.read())?.value);
  const joining = await post(second, 'stream', { stream: true });
  expect(told(joining)).toBe('coalesced');
  const joined = joining.body?.getReader();
  // Its beginning is there while the first is still being told.
  let heard = new TextDecoder().decode((await joined?.read())?.value);
  expect(heard).toContain('wort0');
  expect(heard).not.toContain('[DONE]');
  const decoder = [new TextDecoder(), new TextDecoder()] as const;
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read())
    said += decoder[0].decode(part.value, { stream: true });
  for (let part = await joined?.read(); part && !part.done; part = await joined?.read())
    heard += decoder[1].decode(part.value, { stream: true });
  expect(said).toBe(STREAM.join(''));
  expect(heard).toBe(said);
  const late = await post(third, 'stream', { stream: true });
  expect(told(late)).toBe('replayed');
  expect(await late.text()).toBe(said);
  expect(asked() - before).toBe(1);
});

test('a Redis that loses everything in the middle of an answer is told it again', async () => {
  streaming(50);
  const before = asked();
  const [first, second] = houses as [Product, Product];
  const leading = post(first, 'emptied', { stream: true }).then((answer) => answer.text());
  await until(async () => asked() > before, 'the stream to be under way');
  await Bun.sleep(300);
  const client = new RedisClient(redis.url);
  await client.send('FLUSHALL', []);
  client.close();
  await Bun.sleep(200);
  const joining = await post(second, 'emptied', { stream: true });
  expect(told(joining)).toBe('coalesced');
  expect(await joining.text()).toBe(await leading);
  expect(asked() - before).toBe(1);
});

test('a client whose connection is lost comes back through the load balancer to another replica', async () => {
  whole(2_500);
  const before = asked();
  const [first, second] = houses as [Product, Product];
  const leaving = new AbortController();
  const lost = post(first, 'lost', {}, { signal: leaving.signal }).catch(() => undefined);
  await until(async () => asked() > before, 'the call to be under way');
  leaving.abort();
  await lost;
  // Longer than the first would go on for nobody: the second waits for it.
  const back = await post(second, 'lost');
  expect(await back.text()).toBe(COMPLETION);
  expect(told(back)).toBe('coalesced');
  expect(asked() - before).toBe(1);
});

test('what failed is given to those who waited and kept for nobody', async () => {
  up.play({
    status: 500,
    headers: JSON_HEAD,
    framing: 'length',
    parts: ['{"error":{"message":"down"}}'],
    delay: 300,
  });
  const failed = await Promise.all(houses.map((house) => post(house, 'failing')));
  expect(new Set(failed.map(({ status }) => status)).size).toBe(1);
  expect(failed[0]?.status).toBeGreaterThanOrEqual(400);
  whole();
  const [, second] = houses as [Product, Product];
  expect((await post(second, 'failing')).status).toBe(200);
});

test('the replica that asks is killed: who waits elsewhere is answered by another call, who has read of it hears of the end', async () => {
  const killed = await start();
  const [first, second] = houses as [Product, Product];
  whole(30_000);
  const before = asked();
  const dying = post(killed, 'killed').catch(() => undefined);
  await until(async () => asked() > before, 'the call to be under way');
  const waiting = [first, second].map((house) => post(house, 'killed'));
  streaming(200);
  const torn = post(killed, 'torn', { stream: true })
    .then((answer) => answer.text())
    .catch(() => undefined);
  await until(async () => asked() > before + 1, 'the stream to be under way');
  const half = await post(second, 'torn', { stream: true });
  const rest = half.text().catch((error: unknown) => `broken: ${error}`);
  await Bun.sleep(600);
  whole();
  await killed.stop('SIGKILL');
  await Promise.all([dying, torn]);
  const answers = await Promise.all(waiting);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual([COMPLETION, COMPLETION]);
  // One call for both of them, beside the two that died.
  expect(asked() - before).toBe(3);
  const text = await rest;
  expect(text).not.toContain('[DONE]');
  expect(text.includes('is gone') || text.startsWith('broken')).toBe(true);
});

test('Redis hangs and is gone: nobody waits for it, each replica honours what it sees; back, they find together', async () => {
  process.kill(redis.pid, 'SIGSTOP');
  whole();
  const before = asked();
  const started = performance.now();
  const alone = await Promise.all(
    houses.slice(0, 3).flatMap((house) => [post(house, 'gone'), post(house, 'gone')]),
  );
  const took = performance.now() - started;
  expect(alone.map(({ status }) => status)).toEqual(alone.map(() => 200));
  console.log(`six calls with a key while Redis hangs: ${took.toFixed(0)} ms, ${asked() - before} asked`);
  expect(asked() - before).toBe(3);
  process.kill(redis.pid, 'SIGKILL');
  for (const house of houses.slice(0, 3)) expect(told(await post(house, 'gone'))).toBe('replayed');
  await redis.restart();
  await until(async () => {
    const key = crypto.randomUUID();
    const seen = asked();
    await Promise.all(houses.slice(0, 3).map((house) => post(house, key).then((answer) => answer.text())));
    return asked() - seen === 1;
  }, 'the replicas to find together');
  // What one answered while Redis was away is known to one that starts now.
  const late = await start();
  expect(told(await post(late, 'gone'))).toBe('replayed');
});

test('declared closed, a call with a key is refused while nobody knows, and one without is not', async () => {
  const strict = await start(1, ', whenAway: closed');
  whole();
  expect((await post(strict, 'strict')).status).toBe(200);
  process.kill(redis.pid, 'SIGKILL');
  const refused = await post(strict, 'strict-2');
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.text()).toContain('whenAway');
  expect(told(await post(strict, 'strict'))).toBe('replayed');
  const bare = await post(strict, '', {}, { headers: { 'content-type': 'application/json' } });
  expect(bare.status).toBe(200);
});
