import { expect, test } from 'bun:test';
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeSpoolFiles } from '../files.ts';
import { factsOf, tempFolder } from '../testing.ts';
import { endFrame } from './frame.ts';
import { createGather } from './gather.ts';
import { createSpoolReader } from './reader.ts';

const QUIET = 1_000;

function frames(from: number, to: number, size = 100): Buffer {
  const gather = createGather();
  for (let i = from; i < to; i++)
    gather.add({ meta: { facts: factsOf(i), declared: {} }, ask: Buffer.alloc(size, 'a') }, (meta) => meta);
  return Buffer.from(gather.view());
}

function folderWith(content: Readonly<Record<string, Uint8Array>>) {
  const folder = tempFolder();
  for (const [name, bytes] of Object.entries(content)) writeFileSync(join(folder, name), bytes);
  let time = 0;
  const unreadable: { offset: number; bytes: number; why: string }[] = [];
  const reader = createSpoolReader({
    files: nodeSpoolFiles(folder),
    now: () => time,
    quietMs: QUIET,
    onUnreadable: (_segment, offset, bytes, why) => unreadable.push({ offset, bytes: bytes.length, why }),
  });
  const take = (count = 1_000, bytes = 1e9) => {
    reader.look();
    return reader.next({ count, bytes });
  };
  return {
    folder,
    reader,
    unreadable,
    take,
    pass: (ms: number) => {
      for (let i = 0; i < 10; i++) {
        time += ms / 10;
        reader.look();
      }
    },
    left: () => readdirSync(folder),
  };
}

const A0 = 'a-00000000.seg';
const A1 = 'a-00000001.seg';
const B0 = 'b-00000000.seg';
const numbers = (entries: readonly { spooled: { facts: { id: string } } }[]) =>
  entries.map(({ spooled }) => Number.parseInt(spooled.facts.id.slice(-12), 16));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** As frames were written before their meta was packed. */
function oldFrame(n: number): Buffer {
  const meta = Buffer.from(JSON.stringify({ facts: factsOf(n), declared: { model: 'support' } }));
  const ask = Buffer.from('ask');
  const body = Buffer.concat([Buffer.alloc(12), meta, ask]);
  body.set([1, 1]);
  body.writeUInt32LE(meta.length, 4);
  body.writeUInt32LE(ask.length, 8);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(body.length, 0);
  head.writeUInt32LE(Bun.hash.crc32(body), 4);
  return Buffer.concat([head, body]);
}

test('what an earlier version left in the spool is read like what this one writes', () => {
  const { take, unreadable } = folderWith({
    [A0]: Buffer.concat([oldFrame(0), frames(1, 2, 3), oldFrame(2), endFrame()]),
  });
  const entries = take();
  expect(numbers(entries)).toEqual([0, 1, 2]);
  expect(entries[0]?.spooled.facts).toEqual(factsOf(0));
  expect(entries[1]?.spooled.facts).toEqual(factsOf(1));
  expect(entries[2]?.spooled.declared).toEqual({ model: 'support' });
  expect(Buffer.from(entries[2]?.spooled.ask ?? []).toString()).toBe('ask');
  expect(unreadable).toEqual([]);
});

test('segments come writer by writer, in order, in portions; what is not a segment is left alone', () => {
  const { take, reader } = folderWith({
    [B0]: frames(20, 25),
    [A1]: frames(5, 9),
    [A0]: frames(0, 5),
    'notes.txt': Buffer.from('hello'),
  });
  expect(reader.stats().waiting).toBe(0);
  expect(numbers(take(3))).toEqual([0, 1, 2]);
  expect(reader.stats()).toMatchObject({ waiting: 14, segments: 3 });
  expect(numbers(take(4))).toEqual([3, 4, 5, 6]);
  expect(numbers(take())).toEqual([7, 8, ...range(20, 25)]);
  expect(take()).toEqual([]);
});

test('a segment goes when all of it is done and nobody writes it: a later one exists, an end mark, or silence', () => {
  const { take, reader, left, pass } = folderWith({
    [A0]: frames(0, 3),
    [A1]: Buffer.concat([frames(3, 6), endFrame()]),
    [B0]: frames(6, 9),
  });
  const entries = take();
  pass(10 * QUIET);
  expect(left()).toHaveLength(3);
  reader.done(entries.slice(0, 3));
  reader.look();
  expect(left()).toEqual([A1, B0]);
  reader.done(entries.slice(3, 6));
  reader.look();
  expect(left()).toEqual([B0]);
  reader.done(entries.slice(6));
  reader.look();
  expect(left()).toEqual([]);
});

test('a segment that still may grow stays, and what is added is read', () => {
  const { folder, take, reader, left, pass } = folderWith({ [A0]: frames(0, 2) });
  reader.done(take());
  pass(QUIET / 2);
  appendFileSync(join(folder, A0), frames(2, 4));
  expect(numbers(take())).toEqual([2, 3]);
  pass(QUIET * 0.9);
  expect(left()).toEqual([A0]);
  pass(QUIET * 10);
  expect(left()).toEqual([A0]);
});

test('silence alone is not enough: a process that slept has not looked', () => {
  const folder = folderWith({ [A0]: frames(0, 2) });
  folder.reader.done(folder.take());
  let once = 0;
  const slept = createSpoolReader({
    files: nodeSpoolFiles(folder.folder),
    now: () => (once++ === 0 ? 0 : 1e9),
    quietMs: QUIET,
    onUnreadable: () => undefined,
  });
  slept.look();
  slept.done(slept.next({ count: 10, bytes: 1e9 }));
  slept.look();
  expect(folder.left()).toEqual([A0]);
});

test('a frame that is being written is waited for; from a dead writer it is handed over as it is', () => {
  const whole = frames(0, 3);
  const { folder, take, reader, unreadable, left, pass } = folderWith({
    [A0]: whole.subarray(0, whole.length - 40),
  });
  const first = take();
  expect(numbers(first)).toEqual([0, 1]);
  expect(take()).toEqual([]);
  appendFileSync(join(folder, A0), whole.subarray(whole.length - 40));
  const second = take();
  expect(numbers(second)).toEqual([2]);

  appendFileSync(join(folder, A0), whole.subarray(0, 50));
  expect(take()).toEqual([]);
  reader.done([...first, ...second]);
  reader.look();
  expect(unreadable).toEqual([]);
  pass(QUIET * 2);
  expect(unreadable).toEqual([{ offset: whole.length, bytes: 50, why: 'the last frame is not whole' }]);
  expect(left()).toEqual([]);
});

test('damage in a closed segment costs what stands behind it, and that is handed over', () => {
  const bytes = frames(0, 4);
  const second = frames(0, 1).length;
  bytes[second + 30]! ^= 0xff;
  const { take, reader, unreadable, left } = folderWith({ [A0]: bytes, [A1]: frames(4, 6) });
  const entries = take();
  expect(numbers(entries)).toEqual([0, 4, 5]);
  reader.done(entries);
  reader.look();
  expect(unreadable).toEqual([{ offset: second, bytes: bytes.length - second, why: 'a frame is damaged' }]);
  expect(left()).toEqual([A1]);
});

test('frames larger than a portion of reading come whole', () => {
  const big = frames(0, 3, 2_500_000);
  const { take } = folderWith({ [A0]: big, [A1]: frames(3, 5) });
  const entries = take();
  expect(numbers(entries)).toEqual([0, 1, 2, 3, 4]);
  expect(entries[1]!.spooled.ask).toHaveLength(2_500_000);
});

test('a rest that cannot be put aside keeps its segment', () => {
  const folder = tempFolder();
  writeFileSync(join(folder, A0), Buffer.concat([frames(0, 1), Buffer.from('torn')]));
  writeFileSync(join(folder, A1), frames(1, 2));
  const reader = createSpoolReader({
    files: nodeSpoolFiles(folder),
    now: () => 0,
    quietMs: QUIET,
    onUnreadable: () => {
      throw new Error('EROFS: read-only file system');
    },
  });
  reader.look();
  reader.done(reader.next({ count: 10, bytes: 1e9 }));
  reader.look();
  expect(existsSync(join(folder, A0))).toBe(true);
  expect(readFileSync(join(folder, A0)).length).toBeGreaterThan(0);
  expect(reader.stats().trouble).toContain('EROFS');
});
