import { expect, test } from 'bun:test';
import type { RunStore } from '#contracts';
import { virtualClock } from '#kernel';
import { Journal } from './journal.ts';
import type { RunPorts } from './ports.ts';
import { createWorker } from './worker.ts';

test('a submission before the start is over takes up nothing: the start frees what its name held before', async () => {
  const calls: string[] = [];
  let free: () => void = () => undefined;
  const store: Pick<RunStore, 'claim' | 'release'> = {
    claim: async () => {
      calls.push('claim');
      return [];
    },
    release: () => {
      calls.push('release');
      return new Promise((resolve) => {
        free = resolve;
      });
    },
  };
  const clock = virtualClock({ seed: 1 });
  const ports = {
    clock,
    store,
    log: () => undefined,
    worker: 'w',
    protocols: [],
    settings: () => ({ concurrency: 4 }),
  } as unknown as RunPorts;
  const worker = createWorker(ports, new Journal(ports), () => undefined);
  worker.kick();
  const started = worker.start();
  worker.kick();
  await Promise.resolve();
  expect(calls).toEqual(['release']);
  free();
  await started;
  expect(calls).toEqual(['release', 'claim']);
});
