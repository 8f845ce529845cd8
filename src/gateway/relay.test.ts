import { expect, test } from 'bun:test';
import type { Outgoing } from '#contracts';
import { virtualClock } from '#kernel';
import { protocols } from '#protocols';
import type { Flight } from './attempt.ts';
import { Held } from './held.ts';
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
    texts: new Held(1),
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

test('a stream whose record there is no room for goes on as it is, and its record says why it has no text', () => {
  const protocol = protocols.find(({ name }) => name === 'openai-chat');
  if (!protocol) throw new Error('there is no such protocol');
  const texts = new Held(4 * 1024 ** 2);
  const event = (content: string, finish: string | null = null) =>
    Buffer.from(
      `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`,
    );
  const piece = event('word '.repeat(4_000));
  const streams = Array.from({ length: 12 }, () => {
    const ends: RelayEnd[] = [];
    let sent = 0;
    const relay = new Relay({
      clock: virtualClock(),
      protocol,
      flight: {
        scanner: protocol.scanStream(),
        waitForMore: () => undefined,
        abandon: () => undefined,
      } as unknown as Flight,
      outgoing: {
        write(bytes: Uint8Array | string) {
          sent += bytes.length;
          return true;
        },
        end: () => undefined,
      } as unknown as Outgoing,
      leftOut: undefined,
      texts,
      rescuer: undefined,
      writeError: ({ hint }) => hint,
      lastWords: () => undefined,
      onEnd: (end) => ends.push(end),
      own: () => undefined,
    });
    return { relay, ends, sent: () => sent };
  });
  let most = 0;
  for (let n = 0; n < 100; n++)
    for (const { relay } of streams) {
      relay.data(piece);
      most = Math.max(most, texts.bytes);
    }
  // A bound of four, and for each a share that it always may have.
  expect(most).toBeLessThan((4 + streams.length + 1) * 1024 ** 2);
  const last = Buffer.concat([event('', 'stop'), Buffer.from('data: [DONE]\n\n')]);
  for (const { relay } of streams) {
    relay.data(last);
    relay.end();
  }
  for (const { ends, sent } of streams) {
    const [end] = ends;
    expect([end?.failure, end?.reading.outcome, sent()]).toEqual([
      undefined,
      'complete',
      100 * piece.length + last.length,
    ]);
    expect(end?.reading.textLength).toBe(100 * 20_000);
    expect(end?.reading.message() === undefined).toBe(end?.reading.forgotten === true);
  }
  expect(streams.filter(({ ends }) => ends[0]?.reading.forgotten).length).toBeGreaterThan(8);
  expect(texts.bytes).toBe(0);
});
