import { afterEach, describe, expect, test } from 'bun:test';
import type { Outgoing } from '#contracts';
import { systemClock, virtualClock } from '#kernel';
import { eventually, rawClient } from './testing/raw.ts';
import { serve, stopServers } from './testing/server.ts';

afterEach(stopServers);

/** A handler that answers when the test says so, and how often it was told that the caller left. */
function held(begin: boolean, clock = systemClock()) {
  const state = { out: undefined as Outgoing | undefined, left: 0, bodies: [] as unknown[] };
  const { port, connections } = serve(
    (_, outgoing) => {
      state.out = outgoing;
      outgoing.onLeft = () => state.left++;
      return (body) => {
        state.bodies.push(body);
        if (begin) outgoing.begin(200, {});
      };
    },
    { clock },
  );
  return { port, connections, state };
}

const ASK = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi';

describe.each([
  ['before the answer', false],
  ['within the answer', true],
])('a caller that goes away %s', (_, begin) => {
  test.each(['destroy', 'reset'] as const)('by %s is noticed', async (how) => {
    const { port, connections, state } = held(begin);
    const client = await rawClient(port);
    client.send(ASK);
    await eventually(() => state.bodies.length === 1);
    if (begin) await client.until((heard) => heard.endsWith('\r\n\r\n'));
    client[how]();
    await eventually(() => state.left === 1);
    await eventually(() => connections() === 0);
    // What is written afterwards goes nowhere and harms nobody.
    state.out?.write('late');
    state.out?.end();
    state.out?.send(200, {}, 'late');
    expect(state.left).toBe(1);
  });

  test('by shutting down its side only still gets its answer', async () => {
    const { port, connections, state } = held(begin);
    const client = await rawClient(port);
    client.send(ASK);
    client.half();
    await eventually(() => state.bodies.length === 1);
    await Bun.sleep(60);
    expect(state.left).toBe(0);
    if (begin) {
      for (const part of ['hello', 'you']) {
        state.out?.write(part);
        await Bun.sleep(5);
      }
      state.out?.end();
      // The zero in front is the probe: the caller had shut down its side, and might have been gone.
      expect(await client.ended).toEndWith('\r\n\r\n05\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n');
    } else {
      state.out?.send(200, {}, 'hello');
      expect(await client.ended).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK\r\n.*hello$/s);
    }
    client.destroy();
    await eventually(() => connections() === 0);
    expect(state.left).toBe(0);
  });
});

test('a probed answer that is broken off cannot be read as a whole one', async () => {
  const { port, state } = held(true);
  const client = await rawClient(port);
  client.send(ASK);
  client.half();
  await client.until((heard) => heard.endsWith('\r\n\r\n0'));
  state.out?.break();
  expect(await client.ended).toEndWith('\r\n\r\n0f\r\n');
});

test('a caller that may be gone is asked again, but not for ever', async () => {
  const clock = virtualClock();
  const { port, state } = held(false, clock);
  const client = await rawClient(port);
  client.send(ASK);
  client.half();
  await client.until((heard) => heard !== '');
  for (let i = 0; i < 10; i++) await clock.advance(1_000);
  state.out?.begin(200, {});
  await client.until((heard) => heard.includes('chunked'));
  for (let i = 0; i < 10; i++) await clock.advance(1_000);
  state.out?.end();
  const heard = await client.ended;
  expect(heard.match(/100 Continue/g)).toHaveLength(3);
  expect(heard).toEndWith('\r\n\r\n0\r\n\r\n');
});

test('a caller that goes away within its body is noticed', async () => {
  for (const how of ['destroy', 'reset', 'half'] as const) {
    const { port, connections, state } = held(false);
    const client = await rawClient(port);
    client.send('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhi');
    await eventually(() => state.out !== undefined);
    client[how]();
    await eventually(() => state.left === 1);
    expect(state.bodies).toEqual(['broken']);
    await eventually(() => connections() === 0);
    client.destroy();
  }
});

test('a caller that leaves after its answer is not said to have left', async () => {
  const { port, connections, state } = held(false);
  const client = await rawClient(port);
  client.send(ASK);
  await eventually(() => state.bodies.length === 1);
  state.out?.send(200, {}, 'hello');
  await client.until((heard) => heard.endsWith('hello'));
  client.destroy();
  await eventually(() => connections() === 0);
  expect(state.left).toBe(0);
});

test('pipelined requests of a caller that has shut down its side are all answered', async () => {
  const { port } = serve(
    ({ path }, outgoing) =>
      () =>
        void setImmediate(() => outgoing.send(200, {}, path)),
  );
  const client = await rawClient(port);
  client.send(
    'GET /one HTTP/1.1\r\nhost: x\r\n\r\nGET /two HTTP/1.1\r\nhost: x\r\n\r\nGET /three HTTP/1.1\r\nho',
  );
  client.half();
  expect((await client.ended).match(/\/one|\/two|\/three/g)).toEqual(['/one', '/two']);
});
