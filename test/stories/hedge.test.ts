import { expect, test } from 'bun:test';
import { testGateway } from '../support/gateway.ts';
import { openai } from '../support/speech.ts';

/** One call in a while never begins to answer: the tail that a hedge is for. */
function provider() {
  let slow = 0;
  let asked = 0;
  let aborted = 0;
  const server = Bun.serve({
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      asked++;
      await request.text();
      if (slow > 0) {
        slow--;
        request.signal.addEventListener('abort', () => aborted++);
        await Bun.sleep(5_000);
      } else await Bun.sleep(3);
      return new Response([openai.role, openai.delta('Here.', 'stop'), openai.done].join(''), {
        headers: openai.sse,
      });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    stall: (n: number) => {
      slow = n;
    },
    get asked() {
      return asked;
    },
    get aborted() {
      return aborted;
    },
    stop: () => server.stop(true),
  };
}

const house = (url: string, hedge: boolean) =>
  testGateway({
    providers: { up: { protocol: 'openai', baseUrl: url } },
    routes: { chat: { hedge, tiers: [{ name: 'primary', targets: [{ provider: 'up' }] }] } },
  });

test('a straggler is asked for once more; the loser is cancelled, has its row and its bill', async () => {
  const up = provider();
  const it = house(up.url, true);
  const call = async () => {
    const response = await fetch(`${it.url}${openai.path}`, {
      method: 'POST',
      body: JSON.stringify(openai.ask({ stream: true })),
    });
    return { text: await response.text(), exchange: response.headers.get('x-midwatch-exchange') };
  };
  for (let i = 0; i < 80; i++) await call();
  // A busy machine makes stragglers of its own; the budget holds for them too.
  expect(up.asked).toBeLessThanOrEqual(80 + 4);
  up.stall(1);
  const began = performance.now();
  const { text, exchange } = await call();
  expect(performance.now() - began).toBeLessThan(3_000);
  expect(text).toContain('Here.');
  const facts = await it.facts(exchange);
  expect(facts.outcome).toBe('complete');
  expect(facts.attempts.map((a) => [a.number, a.cause, a.outcome, a.failure?.kind])).toEqual([
    [1, 'first', 'cancelled', 'hedge_lost'],
    [2, 'hedge', 'complete', undefined],
  ]);
  expect(facts.attempts[0]?.cost.state).toBe('estimated');
  expect(facts.attempts[0]?.usage.basis).toBe('estimated');
  await Bun.sleep(50);
  expect(up.aborted).toBe(1);
  // The budget is hard: of many stragglers only a twentieth of the traffic is hedged.
  const before = up.asked;
  up.stall(3);
  const all = Promise.all([call(), call(), call()]);
  await Bun.sleep(1_500);
  expect(up.asked - before).toBeLessThanOrEqual(3 + 3);
  await all;
  it.stop();
  await up.stop();
}, 30_000);

test('a route that does not ask for it is never hedged', async () => {
  const up = provider();
  const it = house(up.url, false);
  const call = () =>
    fetch(`${it.url}${openai.path}`, { method: 'POST', body: JSON.stringify(openai.ask({ stream: true })) });
  for (let i = 0; i < 70; i++) await (await call()).text();
  up.stall(1);
  await (await call()).text();
  expect(up.asked).toBe(71);
  it.stop();
  await up.stop();
}, 30_000);
