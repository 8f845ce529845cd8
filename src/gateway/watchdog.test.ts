import { expect, test } from 'bun:test';
import type { MonotonicMs } from '#contracts';
import { systemClock } from '#kernel';
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
