import { expect, test } from 'bun:test';
import { virtualClock } from '#kernel';
import { facts } from '../testing.ts';
import { liveStream } from './stream.ts';

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const rows = (part: string) => part.split('event: exchange').length - 1;

test('says at once that it listens, then batches, then beats', async () => {
  const clock = virtualClock();
  const stream = liveStream(clock, () => undefined);
  const reader = stream.body.getReader();
  expect(text((await reader.read()).value)).toBe('retry: 1000\n: listening\n\n');
  for (let i = 0; i < 3; i++) stream.exchange(facts());
  await clock.advance(100);
  expect(rows(text((await reader.read()).value))).toBe(3);
  await clock.advance(10_000);
  expect(text((await reader.read()).value)).toBe(': still here\n\n');
});

test('a storm is cut to a batch and says how much it left out', async () => {
  const clock = virtualClock();
  const stream = liveStream(clock, () => undefined);
  const reader = stream.body.getReader();
  await reader.read();
  for (let i = 0; i < 1_000; i++) stream.exchange(facts());
  await clock.advance(100);
  const part = text((await reader.read()).value);
  expect(rows(part)).toBe(256);
  expect(part).toEndWith('event: skipped\ndata: {"count":744}\n\n');
});

test('a client that does not read costs a bounded buffer, and loses nothing unsaid', async () => {
  const clock = virtualClock();
  const stream = liveStream(clock, () => undefined);
  for (let i = 0; i < 20_000; i++) {
    stream.exchange(facts());
    if (i % 100 === 99) await clock.advance(100);
  }
  // Now it reads again: what was buffered, then the gap.
  const reader = stream.body.getReader();
  let seen = 0;
  let skipped = 0;
  let bytes = 0;
  while (seen + skipped < 20_000) {
    const { value } = await clock.run(reader.read());
    bytes += value?.length ?? 0;
    seen += rows(text(value));
    for (const [, count] of text(value).matchAll(/event: skipped\ndata: {"count":(\d+)}/g))
      skipped += Number(count);
  }
  expect(seen + skipped).toBe(20_000);
  expect(skipped).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(1_000_000);
});

test('closing and cancelling both end everything, once', async () => {
  const clock = virtualClock();
  let ended = 0;
  const closed = liveStream(clock, () => ended++);
  closed.close();
  closed.close();
  const left = liveStream(clock, () => ended++);
  await left.body.cancel();
  left.exchange(facts());
  left.close();
  expect(ended).toBe(2);
  await clock.advance(60_000);
  expect(clock.pending).toBe(0);
});
