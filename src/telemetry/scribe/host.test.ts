import { afterEach, expect, test } from 'bun:test';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, virtualClock } from '#kernel';
import { nodeSpoolFiles } from '../files.ts';
import { createRecorder } from '../spool/recorder.ts';
import { finishedOf, idOf, openRedactor, plainProtocols, tempFolder } from '../testing.ts';
import { spawnWorker } from '../thread.ts';
import { type Backlog, hostScribe, type ScribeHost, type SpawnScribe } from './host.ts';
import type { ToScribe } from './messages.ts';
import type { Given } from './testing-worker.ts';

const clock = systemClock();
let host: ScribeHost | undefined;
afterEach(() => host?.stop());

function house(hurry?: Backlog) {
  const folder = tempFolder();
  const path = (name: string) => join(folder, name);
  const given: Given = {
    spool: path('spool'),
    rows: path('rows'),
    crash: path('crash'),
    refuse: path('refuse'),
    hold: path('hold'),
  };
  writeFileSync(given.rows, '');
  const logged: string[] = [];
  host = hostScribe({
    spawn: spawnWorker(new URL('./testing-worker.ts', import.meta.url)),
    given,
    ...(hurry && { hurry }),
    clock,
    log: (_level, event) => logged.push(event),
    backoff: { min: 1, max: 5 },
  });
  const recorder = createRecorder({
    files: nodeSpoolFiles(given.spool),
    clock,
    log: () => undefined,
    redactor: openRedactor,
    protocols: plainProtocols,
    maxBytes: 1e9,
    progress: host.progress,
  });
  const rows = () => new Set(readFileSync(given.rows, 'utf8').split('\n').filter(Boolean));
  return { given, host, recorder, rows, logged };
}

const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => idOf(from + i));

test('a thread empties the spool, reports, and stops when told', async () => {
  const { host, recorder, rows } = house();
  host.start();
  for (let i = 0; i < 50; i++) recorder.record(finishedOf(i));
  await recorder.flush();
  await host.flush();
  expect([...rows()]).toEqual(ids(0, 50));
  while (host.stats()?.moved !== 50) await clock.sleep(1);
  expect(recorder.stats()).toMatchObject({ taken: 50, waiting: 0, dropped: 0 });
  await host.stop();
  expect(host.stats()).toMatchObject({ moved: 50, restarts: 0 });
});

test('a thread that crashes is started again and loses nothing; a flush asked before outlives it', async () => {
  const { given, host, recorder, rows, logged } = house();
  writeFileSync(given.crash, '');
  host.start();
  for (let i = 0; i < 20; i++) recorder.record(finishedOf(i));
  await recorder.flush();
  await host.flush();
  expect([...rows()]).toEqual(ids(0, 20));
  expect(logged).toContain('scribe.thread_ended');
});

test('a thread that cannot begin is started again', async () => {
  const { given, host, recorder, rows } = house();
  writeFileSync(given.refuse, '');
  host.start();
  recorder.record(finishedOf(1));
  await recorder.flush();
  await host.flush();
  expect([...rows()]).toEqual([idOf(1)]);
});

test('stopping refuses the flush that could not end', async () => {
  const { host } = house();
  const flush = host.flush();
  const outcome = flush.catch((error: Error) => error.message);
  await host.stop();
  expect(await outcome).toContain('stopped');
});

test('the last words of a thread that is replaced are not the end of the backlog', () => {
  type Heard = Parameters<SpawnScribe>[0];
  const threads: { readonly heard: Heard; readonly told: ToScribe[] }[] = [];
  host = hostScribe({
    spawn: (heard) => {
      const told: ToScribe[] = [];
      threads.push({ heard, told });
      return { post: (message) => told.push(message), terminate: () => heard.gone('replaced') };
    },
    given: {},
    hurry: { lagMs: 60_000, bytes: 1e9 },
    clock: virtualClock(),
    log: () => undefined,
  });
  const report = { moved: 0, inserted: 0, batches: 0, waiting: 2_000, bytes: 1e6, segments: 1 };
  const stats = { ...report, parked: 0, undigested: 0, unreadableBytes: 0 };
  host.start();
  threads[0]?.heard.message({ say: 'stats', stats: { ...stats, lagMs: 300_000 } });
  expect(threads[0]?.told.at(-1)).toEqual({ say: 'stop' });
  // It lets its write finish, and has nothing in hand any more.
  threads[0]?.heard.message({ say: 'stats', stats: { ...stats, waiting: 1_000, lagMs: 0 } });
  threads[0]?.heard.message({ say: 'stopped' });
  expect(threads[1]?.told[0]).toMatchObject({ say: 'begin', yields: false });
  host = undefined;
});

/** How the kernel schedules each thread of this process: 0 as usual, 5 when nothing else wants the core. */
const policies = (): number[] =>
  readdirSync('/proc/self/task').flatMap((task) => {
    const stat = `/proc/self/task/${task}/stat`;
    if (!existsSync(stat)) return [];
    // Fields are counted after the name, which is in parentheses and may hold spaces; the policy is the forty-first of all.
    const text = readFileSync(stat, 'utf8');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[38]);
  });
const IDLE = 5;

test.if(process.platform === 'linux')('the thread gives way to all others, which do not', async () => {
  const { host } = house();
  host.start();
  await host.flush();
  expect(policies()).toContain(IDLE);
  expect(policies()[0]).toBe(0);
});

test.if(process.platform === 'linux')(
  'with too long a backlog the thread stops giving way, and gives way again when that is gone; nothing is lost',
  async () => {
    const { given, host, recorder, rows, logged } = house({ lagMs: 1e9, bytes: 5_000 });
    writeFileSync(given.hold, '');
    for (let i = 0; i < 50; i++) recorder.record(finishedOf(i));
    await recorder.close();
    host.start();
    while (!logged.includes('scribe.hurries')) await clock.sleep(1);
    rmSync(given.hold);
    await host.flush();
    expect([...rows()]).toEqual(ids(0, 50));
    while (!logged.includes('scribe.yields')) await clock.sleep(1);
    expect(host.stats()?.restarts).toBe(0);
    expect(logged).not.toContain('scribe.thread_ended');
  },
);
