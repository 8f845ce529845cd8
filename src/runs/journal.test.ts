import { expect, test } from 'bun:test';
import type { RunLine, RunStore } from '#contracts';
import { virtualClock } from '#kernel';
import { Journal } from './journal.ts';

const line = (seq: number, run = 'run_1'): RunLine => ({ run, execution: 1, seq, name: '', data: `${seq}` });

function journal(options: { failing?: number } = {}) {
  const clock = virtualClock();
  const stored: RunLine[] = [];
  let writes = 0;
  let { failing = 0 } = options;
  const store = {
    async append(lines: readonly RunLine[]) {
      writes++;
      await clock.sleep(5);
      if (failing-- > 0) throw new Error('away');
      stored.push(...lines);
    },
  } as unknown as RunStore;
  const made = new Journal({ store, clock, log: () => undefined });
  return { clock, stored, journal: made, writes: () => writes };
}

test('lines of all runs are gathered into one write, and told of once they are stored', async () => {
  const { clock, stored, journal: j, writes } = journal();
  let told = 0;
  const stop = j.watch('run_1', () => told++);
  for (let i = 0; i < 10; i++) j.add(line(i, `run_${i % 3}`));
  expect([stored.length, told]).toEqual([0, 0]);
  await clock.advance(100);
  expect([stored.length, told, writes()]).toEqual([10, 1, 1]);
  stop();
  j.add(line(11));
  await clock.run(j.flush());
  expect(told).toBe(1);
});

test('a flush waits for what was there, not for what others go on adding', async () => {
  const { clock, stored, journal: j } = journal();
  let seq = 0;
  const stop = clock.every(1, () => j.add(line(seq++, 'run_2')));
  await clock.advance(20);
  j.add(line(-1));
  await clock.run(j.flush());
  expect(stored.some((l) => l.seq === -1)).toBe(true);
  stop();
});

test('while the database is away lines wait, in order, and none is lost or repeated', async () => {
  const { clock, stored, journal: j } = journal({ failing: 3 });
  for (let i = 0; i < 5; i++) j.add(line(i));
  await clock.advance(100);
  for (let i = 5; i < 9; i++) j.add(line(i));
  await clock.run(j.flush());
  expect(stored.map((l) => l.seq)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test('a journal that has stopped keeps nobody waiting', async () => {
  const { clock, journal: j } = journal({ failing: 1_000 });
  j.add(line(1));
  const flushed = j.flush();
  j.stop();
  await flushed;
  await clock.advance(1_000);
  expect(clock.pending).toBe(0);
});
