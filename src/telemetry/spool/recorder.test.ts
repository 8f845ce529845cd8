import { expect, test } from 'bun:test';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { virtualClock } from '#kernel';
import { nodeSpoolFiles } from '../files.ts';
import { createRedactor } from '../redact/redactor.ts';
import { factsOf, finishedOf, idOf, openRedactor, plainProtocols, tempFolder } from '../testing.ts';
import { salvage } from './pending.ts';
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

const segmentsIn = (folder: string) => readdirSync(folder).filter((name) => name !== 'pending');
const ids = (n: number) => Array.from({ length: n }, (_, i) => idOf(i));

/** What the next start would find if the process died now. */
function afterKill(folder: string): string[] {
  const copy = join(tempFolder(), 'spool');
  cpSync(folder, copy, { recursive: true });
  const files = nodeSpoolFiles(copy);
  salvage(files);
  return idsIn(files);
}

test('what ends within some milliseconds is written together, and is safe before', async () => {
  const { folder, clock, files, recorder } = setUp();
  for (let i = 0; i < 18; i++) recorder.record(finishedOf(i));
  expect(idsIn(files)).toEqual([]);
  expect(afterKill(folder)).toEqual(ids(18));
  await clock.advance(5);
  expect(idsIn(files)).toEqual(ids(18));
  expect(afterKill(folder)).toEqual(ids(18));
  recorder.record(finishedOf(18));
  expect(afterKill(folder)).toEqual(ids(19));
});

test('what does not fit beside what waits is written at once, with it', () => {
  const { files, recorder } = setUp();
  recorder.record(finishedOf(0));
  recorder.record(finishedOf(1, { answer: Buffer.alloc(300_000, 'x') }));
  expect(idsIn(files)).toEqual(ids(2));
});

test('where the folder cannot be mapped each record is written at once', () => {
  const folder = join(tempFolder(), 'spool');
  const files: SpoolFiles = {
    ...nodeSpoolFiles(folder),
    map() {
      throw new Error('no such thing here');
    },
  };
  const { recorder, logged } = setUp({ files });
  for (let i = 0; i < 3; i++) {
    recorder.record(finishedOf(i));
    expect(idsIn(files)).toEqual(ids(i + 1));
  }
  expect(logged.filter(({ event }) => event === 'spool.unmapped')).toHaveLength(1);
});

test('what waits on a folder that cannot be written survives its process', async () => {
  const folder = join(tempFolder(), 'spool');
  const files: SpoolFiles = {
    ...nodeSpoolFiles(folder),
    append() {
      throw new Error('ENOSPC: no space left on device');
    },
  };
  const { clock, recorder } = setUp({ files });
  for (let i = 0; i < 5; i++) {
    recorder.record(finishedOf(i));
    await clock.advance(50);
  }
  expect(recorder.stats()).toMatchObject({ waiting: 5, trouble: expect.stringContaining('ENOSPC') });
  expect(afterKill(folder)).toEqual(ids(5));
});

test('a gateway that was idle before it stops does not miss the segment that was taken meanwhile', async () => {
  const { folder, clock, recorder } = setUp({ segmentMs: 60_000 });
  recorder.record(finishedOf(0));
  await recorder.flush();
  await clock.advance(60_000);
  for (const name of segmentsIn(folder)) rmSync(join(folder, name));
  await recorder.close();
  expect(segmentsIn(folder)).toEqual([]);
  expect(readdirSync(join(folder, 'pending'))).toEqual([]);
});

test('segments turn over by size and by age, and a segment is closed on the way out', async () => {
  const { folder, clock, files, recorder } = setUp({ segmentBytes: 2_000, segmentMs: 60_000 });
  for (let i = 0; i < 12; i++) {
    recorder.record(finishedOf(i));
    await recorder.flush();
  }
  const bySize = segmentsIn(folder).length;
  expect(bySize).toBeGreaterThan(2);
  await clock.advance(60_000);
  recorder.record(finishedOf(12));
  await recorder.close();
  expect(segmentsIn(folder)).toHaveLength(bySize + 1);
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

  for (const name of segmentsIn(folder).slice(0, 5)) rmSync(join(folder, name));
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
  const [file] = segmentsIn(folder);
  const full = readFileSync(join(folder, file!), 'utf8');
  expect(full).not.toContain('abcDEF');
  expect(full.split('sk-proj-…[masked]')).toHaveLength(7);
  expect(full.split('ann@example.com')).toHaveLength(4);

  const other = setUp({ redactor: createRedactor() });
  other.recorder.record(finishedOf(1, { ...bodies, facts: factsOf(1, { ...facts, record: 'masked' }) }));
  await other.recorder.flush();
  const masked = readFileSync(join(other.folder, segmentsIn(other.folder)[0]!), 'utf8');
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
  expect(segmentsIn(folder)).toHaveLength(2);
  expect(idsIn(nodeSpoolFiles(folder)).toSorted()).toEqual(ids(10));
});
