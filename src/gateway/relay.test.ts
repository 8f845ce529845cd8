import { expect, test } from 'bun:test';
import type { Outgoing } from '#contracts';
import { virtualClock } from '#kernel';
import { protocols } from '#protocols';
import type { Flight } from './attempt.ts';
import { MOST_STREAMED, Relay, type RelayEnd } from './relay.ts';

test('a stream without an end is ended, by an error, before it fills the memory', () => {
  const protocol = protocols.find(({ name }) => name === 'openai-chat');
  if (!protocol) throw new Error('there is no such protocol');
  const scanner = protocol.scanStream();
  let abandoned = false;
  const flight = {
    scanner,
    waitForMore: () => undefined,
    abandon: () => {
      abandoned = true;
    },
  } as unknown as Flight;
  let sent = 0;
  let last = '';
  let broken = false;
  const outgoing = {
    write(bytes: Uint8Array | string) {
      sent += bytes.length;
      last = typeof bytes === 'string' ? bytes : '';
      return true;
    },
    break() {
      broken = true;
    },
  } as unknown as Outgoing;
  const ends: RelayEnd[] = [];
  const relay = new Relay({
    clock: virtualClock(),
    protocol,
    flight,
    outgoing,
    leftOut: undefined,
    rescuer: undefined,
    writeError: ({ hint }) => hint,
    lastWords: () => undefined,
    onEnd: (end) => ends.push(end),
    own: () => undefined,
  });
  // Comments, which are no output: only their bytes count.
  const chunk = Buffer.from(`: ${'x'.repeat(64 * 1024 - 4)}\n\n`.repeat(16));
  for (let n = 0; ends.length === 0 && n < 300; n++) relay.data(chunk);
  expect(sent).toBeLessThanOrEqual(MOST_STREAMED + last.length);
  expect([ends[0]?.failure?.kind, last, broken, abandoned]).toEqual([
    'malformed',
    'The provider sent more than 256 MiB without an end.',
    true,
    true,
  ]);
});
