import { expect, test } from 'bun:test';
import { systemClock } from '#kernel';
import { Member } from './member.ts';
import type { ToThread } from './messages.ts';

test('a thread that ends by itself is said, and begun again', async () => {
  const said: unknown[] = [];
  let gone = 0;
  const member = new Member({
    number: 2,
    clock: systemClock(),
    log: (level, event, data) => said.push([level, event, data?.restarts]),
    // Nothing that a thread could begin with.
    begin: () => [{ say: 'begin', given: {} } as unknown as ToThread],
    hear: () => undefined,
    gone: () => gone++,
  });
  member.start();
  for (const end = performance.now() + 20_000; gone < 2 && performance.now() < end; ) await Bun.sleep(20);
  expect(said.slice(0, 2)).toEqual([
    ['error', 'thread.ended', 1],
    ['error', 'thread.ended', 2],
  ]);
  expect(member.view()).toMatchObject({ thread: 2, state: 'gone' });
  await member.stop();
}, 120_000);
