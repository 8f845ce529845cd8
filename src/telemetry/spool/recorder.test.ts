import { expect, test } from 'bun:test';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { virtualClock } from '#kernel';
import { nodeSpoolFiles } from '../files.ts';
import { createRedactor } from '../redact/redactor.ts';
import { factsOf, finishedOf, idOf, openRedactor, plainProtocols, tempFolder } from '../testing.ts';
import type { SpoolFiles } from './port.ts';
import { createSpoolReader } from './reader.ts';
import { createRecorder, type RecorderOptions } from './recorder.ts';

interface Logged {
  readonly level: string;
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

function setUp(more: Partial<RecorderOptions> = {}) {
  const folder = join(tempFolder(), 'spool');
  const clock = virtualClock();
  const files = more.files ?? nodeSpoolFiles(folder);
  const logged: Logged[] = [];
  const recorder = createRecorder({
    clock,
    log: (level, event, data) => logged.push({ level, event, data }),
    redactor: openRedactor,
    protocols: plainProtocols,
    maxBytes: 1e9,
    ...more,
    files,
  });
  return { folder, clock, files, recorder, logged };
}

function idsIn(files: SpoolFiles): string[] {
  const reader = createSpoolReader({ files, now: () => 0, quietMs: 1e9, onUnreadable: () => undefined });
  reader.look();
  const limit = { count: 1e9, bytes: 1e12 };
  return reader.next(limit).map(({ spooled }) => spooled.facts.id);
}

const ids = (n: number) => Array.from({ length: n }, (_, i) => idOf(i));

test('few records are in their file at once, of many those beyond a burst when their round of the event loop is over', async () => {
  const { clock, files, recorder } = setUp();
  const burst = 16;
  for (let i = 0; i < burst + 2; i++) recorder.record(finishedOf(i));
  expect(idsIn(files)).toEqual(ids(burst));
  await clock.advance(0);
  expect(idsIn(files)).toEqual(ids(burst + 2));
  await clock.advance(2);
  for (let i = 0; i < 3; i++) recorder.record(finishedOf(burst + 2 + i));
  expect(idsIn(files)).toEqual(ids(burst + 4));
  await clock.advance(0);
  expect(idsIn(files)).toEqual(ids(burst + 5));
});

test('a timer that is late does not make the next record wait', async () => {
  let late = 0;
  const clock = virtualClock();
  const { files, recorder } = setUp({ clock: { ...clock, monotonic: () => clock.monotonic() + late } });
  for (let i = 0; i < 18; i++) recorder.record(finishedOf(i));
  expect(idsIn(files)).toEqual(ids(16));
  late = 6;
  recorder.record(finishedOf(18));
  expect(idsIn(files)).toEqual(ids(19));
});

test('a gateway that was idle before it stops does not miss the segment that was taken meanwhile', async () => {
  const { folder, clock, recorder } = setUp({ segmentMs: 60_000 });
  recorder.record(finishedOf(0));
  await clock.advance(60_000);
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  await recorder.close();
  expect(readdirSync(folder)).toEqual([]);
});

test('segments turn over by size and by age, and a segment is closed on the way out', async () => {
  const { folder, clock, files, recorder } = setUp({ segmentBytes: 2_000, segmentMs: 60_000 });
  for (let i = 0; i < 12; i++) {
    recorder.record(finishedOf(i));
    await recorder.flush();
  }
  const bySize = readdirSync(folder).length;
  expect(bySize).toBeGreaterThan(2);
  await clock.advance(60_000);
  recorder.record(finishedOf(12));
  await recorder.close();
  expect(readdirSync(folder)).toHaveLength(bySize + 1);
  expect(idsIn(files)).toEqual(ids(13));
});

test('at the bound records are dropped, counted and said once a minute; room makes it go on', async () => {
  const { folder, clock, recorder, logged } = setUp({ maxBytes: 15_000, segmentBytes: 2_000 });
  let n = 0;
  const push = async (count: number) => {
    for (let i = 0; i < count; i++) recorder.record(finishedOf(n++));
    await recorder.flush();
    await clock.advance(1_000);
  };
  for (let i = 0; i < 10; i++) await push(5);
  const { dropped, taken, bytes, waiting } = recorder.stats();
  expect(taken).toBe(50);
  expect(dropped).toBeGreaterThan(0);
  expect(waiting + dropped).toBe(taken);
  expect(bytes).toBeLessThanOrEqual(15_000);
  expect(logged.filter(({ event }) => event === 'spool.dropped')).toHaveLength(1);
  await clock.advance(60_000);
  await push(1);
  const said = logged.filter(({ event }) => event === 'spool.dropped');
  expect(said).toHaveLength(2);
  expect(said[1]!.data).toMatchObject({ dropped: dropped + 1, droppedSince: dropped });

  for (const name of readdirSync(folder).slice(0, 5)) rmSync(join(folder, name));
  await clock.advance(1_000);
  await push(1);
  expect(recorder.stats().dropped).toBe(dropped + 1);
});

test('a folder that cannot be written: kept in memory, said, retried; nothing is lost when it can again', async () => {
  const parent = tempFolder();
  const folder = join(parent, 'spool');
  // A file where the folder should be fails as a read-only disk does, for root as well.
  writeFileSync(folder, '');
  const { clock, files, recorder, logged } = setUp({ files: nodeSpoolFiles(folder) });
  for (let i = 0; i < 10; i++) recorder.record(finishedOf(i));
  await clock.advance(1_000);
  expect(recorder.stats()).toMatchObject({
    taken: 10,
    waiting: 10,
    dropped: 0,
    trouble: expect.stringContaining('ENOTDIR'),
  });
  expect(logged.filter(({ event }) => event === 'spool.trouble')).toHaveLength(1);
  await expect(recorder.flush()).rejects.toThrow('ENOTDIR');
  rmSync(folder);
  await clock.advance(5_000);
  expect(recorder.stats().trouble).toBeUndefined();
  expect(logged.at(-1)?.event).toBe('spool.recovered');
  recorder.record(finishedOf(10));
  await recorder.flush();
  expect(idsIn(files)).toEqual(ids(11));
});

test('memory is bounded while the folder cannot be written', async () => {
  const folder = join(tempFolder(), 'spool');
  writeFileSync(folder, '');
  const { clock, recorder } = setUp({ files: nodeSpoolFiles(folder), memoryBytes: 20_000 });
  for (let i = 0; i < 100; i++) {
    recorder.record(finishedOf(i));
    await clock.advance(5);
  }
  const { taken, waiting, dropped, bytes } = recorder.stats();
  expect(dropped).toBeGreaterThan(50);
  expect(waiting + dropped).toBe(taken);
  expect(bytes).toBeLessThanOrEqual(20_000);
});

test('a write that fails half way is taken back and made again elsewhere, without a gap or a second copy', async () => {
  const folder = join(tempFolder(), 'spool');
  const real = nodeSpoolFiles(folder);
  let failing = false;
  const files: SpoolFiles = {
    ...real,
    append(name, bytes) {
      if (!failing) return real.append(name, bytes);
      // A disk that fills up while it writes, and does not even let itself be truncated.
      real.append(name, bytes.subarray(0, bytes.length >> 1));
      throw new Error('ENOSPC: no space left on device');
    },
  };
  const { clock, recorder } = setUp({ files });
  for (let i = 0; i < 5; i++) recorder.record(finishedOf(i));
  await recorder.flush();
  failing = true;
  recorder.record(finishedOf(5));
  await clock.advance(10);
  failing = false;
  await clock.advance(5_000);
  expect(idsIn(real)).toEqual(ids(6));
});

test('the disk is left with a reserve', async () => {
  const folder = join(tempFolder(), 'spool');
  let free = 1e6;
  const files: SpoolFiles = { ...nodeSpoolFiles(folder), freeSpace: () => free };
  const { clock, recorder } = setUp({ files, reserveBytes: 2e6 });
  recorder.record(finishedOf(0));
  await clock.advance(100);
  expect(recorder.stats()).toMatchObject({ waiting: 1, trouble: 'only 1000000 bytes are left on the disk' });
  free = 1e9;
  await clock.advance(5_000);
  expect(recorder.stats().trouble).toBeUndefined();
  expect(idsIn(files)).toEqual(ids(1));
});

test('record never throws: what cannot be encoded is a drop, what cannot be masked costs the bodies', async () => {
  const { files, recorder } = setUp({
    redactor: {
      ...openRedactor,
      secretsIn(body) {
        if (Buffer.from(body).includes('question 2')) throw new Error('no mask for this');
        return body;
      },
    },
  });
  const endless: Record<string, unknown> = {};
  endless.self = endless;
  recorder.record(finishedOf(0, { facts: { ...factsOf(0), failure: endless as never } }));
  recorder.record(finishedOf(1));
  recorder.record(finishedOf(2));
  await recorder.flush();
  expect(recorder.stats()).toMatchObject({ taken: 3, dropped: 1, waiting: 2 });
  const reader = createSpoolReader({ files, now: () => 0, quietMs: 1e9, onUnreadable: () => undefined });
  reader.look();
  const found = reader
    .next({ count: 10, bytes: 1e9 })
    .map(({ spooled }) => [spooled.facts.id, spooled.ask !== undefined]);
  expect(found).toEqual([
    [idOf(1), true],
    [idOf(2), false],
  ]);
});

test('secrets of facts and bodies never reach the file; masked routes lose personal data too', async () => {
  const { folder, recorder } = setUp({ redactor: createRedactor() });
  const secret = 'sk-proj-abcDEF1234567890abcdef';
  const bodies = {
    ask: Buffer.from(JSON.stringify({ messages: [{ content: `key ${secret}, mail ann@example.com` }] })),
    answer: Buffer.from(JSON.stringify([{ content: `noted: ${secret}` }])),
  };
  const facts = {
    who: { user: 'ann@example.com', tenant: secret },
    place: { task: secret, trace: '4bf92f3577b34da6a3ce929d0e0e4736' },
    failure: {
      kind: 'internal',
      origin: 'provider',
      retryable: false,
      hint: `bad key ${secret} of ann@example.com`,
    },
    verdicts: [{ guard: 'g', version: 1, decision: 'flag', evidence: `saw ${secret}` }],
  } as const;
  recorder.record(finishedOf(1, { ...bodies, facts: factsOf(1, facts) }));
  await recorder.flush();
  const [file] = readdirSync(folder);
  const full = readFileSync(join(folder, file!), 'utf8');
  expect(full).not.toContain('abcDEF');
  expect(full.split('sk-proj-…[masked]')).toHaveLength(7);
  expect(full.split('ann@example.com')).toHaveLength(4);

  const other = setUp({ redactor: createRedactor() });
  other.recorder.record(finishedOf(1, { ...bodies, facts: factsOf(1, { ...facts, record: 'masked' }) }));
  await other.recorder.flush();
  const masked = readFileSync(join(other.folder, readdirSync(other.folder)[0]!), 'utf8');
  expect(masked).not.toContain('ann@example.com');
  expect(masked).not.toContain('abcDEF');
  expect(masked).toContain('4bf92f3577b34da6a3ce929d0e0e4736');
});

test('two writers in one folder do not meet', async () => {
  const folder = join(tempFolder(), 'spool');
  mkdirSync(folder);
  const clock = virtualClock();
  const one = setUp({ files: nodeSpoolFiles(folder), clock });
  const two = setUp({ files: nodeSpoolFiles(folder), clock });
  for (let i = 0; i < 10; i++) {
    (i % 2 ? one : two).recorder.record(finishedOf(i));
    await clock.advance(5);
  }
  expect(readdirSync(folder)).toHaveLength(2);
  expect(idsIn(nodeSpoolFiles(folder)).toSorted()).toEqual(ids(10));
});
