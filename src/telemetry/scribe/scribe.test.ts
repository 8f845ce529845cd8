import { expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { StoreUnavailable } from '#contracts';
import { systemClock } from '#kernel';
import { nodeSpoolFiles } from '../files.ts';
import { createRecorder } from '../spool/recorder.ts';
import {
  factsOf,
  finishedOf,
  idOf,
  memoryWriter,
  openRedactor,
  plainProtocols,
  tempFolder,
} from '../testing.ts';
import { createScribe } from './scribe.ts';

const quiet = () => undefined;
const clock = systemClock();

function room(refuse?: Parameters<typeof memoryWriter>[0], segmentBytes = 20_000) {
  const folder = tempFolder();
  const recorder = createRecorder({
    files: nodeSpoolFiles(folder),
    clock,
    log: quiet,
    redactor: openRedactor,
    protocols: plainProtocols,
    maxBytes: 1e9,
    segmentBytes,
  });
  const memory = memoryWriter(refuse);
  const start = () => {
    const scribe = createScribe({
      files: nodeSpoolFiles(folder),
      protocols: plainProtocols,
      writer: memory.writer,
      clock,
      log: quiet,
      batch: { count: 50, bytes: 1e6 },
      pollMs: 1,
      backoff: { min: 1, max: 4 },
    });
    scribe.start();
    return scribe;
  };
  return {
    folder,
    recorder,
    memory,
    start,
    files: () => readdirSync(folder).filter((name) => name !== 'pending'),
  };
}

const ids = (n: number) => Array.from({ length: n }, (_, i) => idOf(i));

test('everything recorded arrives once, in order, with its bodies, and the segments are gone', async () => {
  const { recorder, memory, start, files } = room();
  const scribe = start();
  for (let i = 0; i < 500; i++) {
    recorder.record(finishedOf(i));
    if (i % 100 === 99) await recorder.flush();
  }
  await recorder.close();
  await scribe.flush();
  await scribe.stop();
  expect(memory.order).toEqual(ids(500));
  const { exchange, digest } = memory.rows.get(idOf(7))!;
  const { facts, ask } = finishedOf(7);
  expect(exchange).toMatchObject({ ...facts });
  expect([...digest.bodies.values()].map((b) => Buffer.from(b).toString())[0]).toBe(ask!.toString());
  expect(scribe.stats()).toMatchObject({ moved: 500, inserted: 500, waiting: 0, parked: 0, undigested: 0 });
  expect(files()).toEqual([]);
});

test('while the database is away nothing is lost and nothing waits; afterwards everything arrives once', async () => {
  let away = true;
  const { recorder, memory, start } = room(() => {
    if (away) throw new StoreUnavailable('connection refused');
  });
  const scribe = start();
  for (let i = 0; i < 300; i++) recorder.record(finishedOf(i));
  await recorder.flush();
  while (memory.calls() < 5) await clock.sleep(1);
  expect(scribe.stats()).toMatchObject({ moved: 0, waiting: 300, trouble: 'connection refused' });
  away = false;
  await scribe.flush();
  expect(memory.order).toEqual(ids(300));
  expect(scribe.stats().trouble).toBeUndefined();
  await scribe.stop();
});

test('a commit whose answer was lost is written again without a second row', async () => {
  let n = 0;
  const { recorder, memory, start } = room();
  const { writer } = memory;
  const write = writer.write.bind(writer);
  writer.write = async (batch) => {
    const result = await write(batch);
    if (++n % 2 === 1) throw new StoreUnavailable('connection reset after commit');
    return result;
  };
  const scribe = start();
  for (let i = 0; i < 200; i++) recorder.record(finishedOf(i));
  await recorder.flush();
  await scribe.flush();
  expect(memory.order).toEqual(ids(200));
  await scribe.stop();
});

test('a scribe that starts again reads from the start of what is left and adds nothing twice', async () => {
  const { recorder, memory, start } = room();
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 60; i++) recorder.record(finishedOf(round * 60 + i));
    await recorder.flush();
    const scribe = start();
    await scribe.flush();
    await scribe.stop();
  }
  expect(memory.order).toEqual(ids(300));
});

test('exchanges that the database refuses are parked with the reason; the others pass', async () => {
  const poison = new Set([idOf(13), idOf(14), idOf(99)]);
  const { folder, recorder, memory, start } = room((batch) => {
    if (batch.some(({ exchange }) => poison.has(exchange.id))) throw new Error('invalid byte sequence');
  });
  const scribe = start();
  for (let i = 0; i < 120; i++) recorder.record(finishedOf(i));
  await recorder.close();
  await scribe.flush();
  expect(memory.order.toSorted()).toEqual(ids(120).filter((id) => !poison.has(id)));
  expect(scribe.stats()).toMatchObject({ parked: 3, waiting: 0 });
  const parked = readdirSync(join(folder, 'parked'));
  expect(parked.filter((name) => name.endsWith('.seg'))).toHaveLength(3);
  const reason = await Bun.file(join(folder, 'parked', parked.find((name) => name.endsWith('.txt'))!)).text();
  expect(reason).toContain('invalid byte sequence');

  // Given back, they are tried again like anything else.
  poison.clear();
  const { renameSync } = await import('node:fs');
  for (const name of parked)
    if (name.endsWith('.seg')) renameSync(join(folder, 'parked', name), join(folder, name));
  await scribe.flush();
  expect(memory.rows.size).toBe(120);
  await scribe.stop();
});

test('a database that refuses everything is waited for, not taken for poison', async () => {
  let broken = true;
  const { recorder, memory, start } = room(() => {
    if (broken) throw new Error('relation "exchange" does not exist');
  });
  const scribe = start();
  for (let i = 0; i < 4; i++) recorder.record(finishedOf(i));
  await recorder.flush();
  while (scribe.stats().trouble === undefined) await clock.sleep(1);
  broken = false;
  await scribe.flush();
  expect(memory.rows.size).toBe(4);
  expect(scribe.stats().parked).toBe(0);
  await scribe.stop();
});

test('a body that cannot be digested costs the body, not the exchange', async () => {
  const { recorder, memory, start } = room();
  const scribe = start();
  recorder.record(finishedOf(1, { facts: factsOf(1, { protocol: 'never-heard-of' }) }));
  recorder.record(finishedOf(2));
  await recorder.flush();
  await scribe.flush();
  expect(memory.rows.size).toBe(2);
  expect(memory.rows.get(idOf(1))!.digest.bodies.size).toBe(0);
  expect(memory.rows.get(idOf(1))!.exchange.release).toBe(memory.rows.get(idOf(2))!.exchange.release);
  expect(scribe.stats().undigested).toBe(1);
  await scribe.stop();
});

test('record: none leaves a digest and no body', async () => {
  const { folder, recorder, memory, start } = room();
  recorder.record(
    finishedOf(3, { facts: factsOf(3, { record: 'none' }), declared: { model: 'm', prompt: 'p' } }),
  );
  await recorder.flush();
  const [segment] = readdirSync(folder).filter((name) => name !== 'pending');
  expect(await Bun.file(join(folder, segment!)).text()).not.toContain('question 3');
  const scribe = start();
  await scribe.flush();
  const { digest, exchange } = memory.rows.get(idOf(3))!;
  expect(digest.axes).toEqual({ model: 'm', prompt: 'p' });
  expect(exchange.release).toBe(digest.release);
  expect(digest.bodies.size).toBe(0);
  await scribe.stop();
});
