import { afterEach, expect, test } from 'bun:test';
import { well } from '../support/failure-table.ts';
import { testGateway } from '../support/gateway.ts';
import { eventually, type PuppetHouse, puppetHouse } from '../support/houses.ts';
import { type Behaviour, whole } from '../support/puppet.ts';
import { OPENAI } from '../support/tongues.ts';

/** One deadline over every try and wait of an exchange, passed on to upstreams that understand it, and to no others. */
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
const open = async (first: Behaviour, provider: object): Promise<PuppetHouse> => {
  const set = await puppetHouse(first, { tongue: OPENAI, provider });
  stops.push(() => set.stop());
  return set;
};
const ask = (url: string, ms: number | undefined, stream = false) =>
  fetch(`${url}${OPENAI.path}`, {
    method: 'POST',
    body: OPENAI.ask(stream),
    headers: ms === undefined ? {} : { 'x-midwatch-deadline-ms': String(ms) },
  });
const good: Behaviour = (call) => well(call, { tongue: OPENAI, stream: false });
const brokenOnce: Behaviour = (call) =>
  call.number === 0
    ? call.write(whole(500, OPENAI.json, OPENAI.error('server_error', 'on fire')))
    : good(call);
const DEADLINE = 'x-midwatch-deadline-ms';

test('a target that declares it is told what is left, less with each try; without a word of the caller it is the route that says', async () => {
  const set = await open(brokenOnce, { passDeadline: true });
  expect((await ask(set.house.url, 9_000)).status).toBe(200);
  const [first = 0, second = 0] = set.first.calls.map(({ headers }) => Number(headers[DEADLINE]));
  expect(first).toBeWithin(1, 9_001);
  // The pause between two tries is taken off.
  expect(second).toBeWithin(1, first);
  expect((await ask(set.house.url, undefined)).status).toBe(200);
  expect(Number(set.first.calls[2]?.headers[DEADLINE])).toBeWithin(500_000, 600_001);
});

test('a target that does not is told nothing: an unknown field may be refused', async () => {
  const set = await open(good, {});
  expect((await ask(set.house.url, 9_000)).status).toBe(200);
  expect(set.first.calls[0]?.headers[DEADLINE]).toBeUndefined();
});

test('through a second Midwatch: the inner one gives up by the caller’s deadline, and lets its provider go', async () => {
  const inner = await open(() => undefined, {});
  const outer = testGateway({
    providers: {
      inner: { protocol: 'openai', baseUrl: `${inner.house.url}/v1`, passDeadline: true, apiKey: 'any' },
    },
    routes: {
      chat: {
        tiers: [{ name: 'primary', targets: [{ provider: 'inner' }] }],
        attempts: { perTarget: 1, perExchange: 1 },
      },
    },
  });
  stops.push(() => outer.stop());
  const answer = await ask(outer.url, 600, true);
  expect(answer.status).toBe(504);
  await answer.text();
  await eventually(() => inner.house.finished.length === 1);
  const { failure, attempts } = await inner.record(0);
  // Whichever of the two saw it first: the one gave up, or the other hung up on it.
  expect(['timeout_total', 'client_left']).toContain(failure?.kind as string);
  expect(attempts).toHaveLength(1);
  await inner.first.calls[0]?.closed;
  expect(inner.house.gateway.stats().inFlight).toBe(0);
  expect(outer.gateway.stats().inFlight).toBe(0);
});
