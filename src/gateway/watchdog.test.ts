import { expect, test } from 'bun:test';
import type { FailureKind, MonotonicMs } from '#contracts';
import { createLag, systemClock, virtualClock } from '#kernel';
import { createWatchdog } from './watchdog.ts';

const clock = systemClock();
const soon = (ms: number) => (clock.monotonic() + ms) as MonotonicMs;
const holdUp = (ms: number) => {
  const until = clock.monotonic() + ms;
  while (clock.monotonic() < until);
};

/** One byte on its way through the system, told when it is read. */
async function wire(onByte: () => void) {
  const served = Promise.withResolvers<Bun.Socket>();
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: { open: (socket) => served.resolve(socket), data() {} },
  });
  const client = await Bun.connect({
    hostname: '127.0.0.1',
    port: server.port,
    socket: { data: onByte },
  });
  const far = await served.promise;
  return {
    send: () => far.write('x'),
    close() {
      client.end();
      server.stop(true);
    },
  };
}

test('what came in time is read first when the loop was held up', async () => {
  const watchdog = createWatchdog(clock);
  let cut = 0;
  for (let i = 0; i < 5; i++) {
    const dog = watchdog.watch(() => cut++);
    const awaited = await wire(() => dog.expect('timeout_idle', soon(60_000)));
    // Long work for one socket: the loop has asked which can be read before the other byte was there.
    const busy = await wire(() => {
      // From here on, or a machine without room would let the wait end before the loop is held up at all.
      dog.expect('timeout_idle', soon(10));
      awaited.send();
      holdUp(40);
    });
    busy.send();
    await clock.sleep(60);
    dog.stop();
    awaited.close();
    busy.close();
  }
  watchdog.stop();
  // One at most, where the processor was taken away in each round; without a round all five are.
  expect(cut).toBeLessThanOrEqual(1);
});

test('a silence that is none of ours is told, also by a loop that is always late', async () => {
  const watchdog = createWatchdog(clock);
  const due: string[] = [];
  watchdog.watch((kind) => due.push(kind)).expect('timeout_idle', soon(5));
  for (let i = 0; i < 20 && due.length === 0; i++) {
    holdUp(40);
    await clock.sleep(0);
  }
  watchdog.stop();
  expect(due).toEqual(['timeout_idle']);
});

/** In virtual time, with a process that can be frozen. */
function freezable() {
  const clock = virtualClock();
  const lag = createLag(clock, () => true);
  lag.begin();
  return { ...clock, time: clock.monotonic, watchdog: createWatchdog(clock, lag) };
}

test('what fell due while we stood still gets the time that it had left, once; what fell due before or later is no matter of it', async () => {
  const { watchdog, advance, stall, time } = freezable();
  const due: [string, number][] = [];
  const wait = (at: number, kind: FailureKind, latest?: number) =>
    watchdog
      .watch((kind) => due.push([kind, Math.round(time())]))
      .expect(kind, at as MonotonicMs, latest as MonotonicMs | undefined);
  wait(400, 'timeout_idle');
  wait(3_000, 'timeout_headers');
  wait(3_000, 'timeout_connect', 22_000);
  wait(4_000, 'timeout_total');
  wait(30_000, 'timeout_content');
  await advance(1_000);
  stall(20_000);
  await advance(30_000);
  const at = (kind: string) => due.find(([found]) => found === kind)?.[1];
  expect(due).toHaveLength(5);
  expect(at('timeout_idle')).toBe(400);
  // The whole of an exchange is its caller's time: told at once, when all sockets have been read.
  expect(due.filter(([kind]) => kind === 'timeout_total').map(([, ms]) => ms)).toEqual([
    expect.closeTo(21_000, -2),
    22_000,
  ]);
  expect(at('timeout_headers')).toBeWithin(22_990, 23_020);
  expect(at('timeout_content')).toBe(30_000);
});

test('a loop that is merely busy puts nothing off for ever', async () => {
  const { watchdog, advance, stall, time } = freezable();
  let cut = 0;
  watchdog
    .watch(() => {
      cut = time();
    })
    .expect('timeout_idle', 2_000 as MonotonicMs);
  for (let i = 0; i < 100 && cut === 0; i++) {
    stall(200);
    await advance(10);
  }
  expect(cut).toBeWithin(2_000, 3_200);
});
