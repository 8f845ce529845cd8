import { expect, test } from 'bun:test';
import { seeded, systemClock } from '#kernel';
import { nodeSpoolFiles } from '../files.ts';
import { tempFolder } from '../testing.ts';
import { createSpoolReader } from './reader.ts';

const clock = systemClock();
const PROMISE_MS = 10;

/** Numbers of the exchanges that are in the spool, in order, once the writer is dead. */
function recorded(folder: string): number[] {
  const reader = createSpoolReader({
    files: nodeSpoolFiles(folder),
    now: () => 0,
    quietMs: 1e9,
    onUnreadable: () => undefined,
  });
  reader.look();
  return reader
    .next({ count: 1e9, bytes: 1e12 })
    .map(({ spooled }) => Number.parseInt(spooled.facts.id.slice(-12), 16));
}

/**
 * What must be in the spool by what the process itself has said: an exchange after which its timers ran twice, the second time
 * ten milliseconds later or more. Its own timers, not the wall clock: a machine that gives a process no time makes no
 * exchange end either.
 */
function promised(said: string): { must: number; ended: number } {
  const waiting: { n: number; at: number; ticks: number }[] = [];
  let must = 0;
  let ended = 0;
  // The last line may have been cut by the kill.
  for (const line of said.split('\n').slice(0, -1)) {
    const [kind, a, b] = line.split(' ');
    if (kind === 'r') {
      waiting.push({ n: Number(a), at: Number(b), ticks: 0 });
      ended++;
      continue;
    }
    for (const one of waiting) one.ticks++;
    while (waiting[0] && waiting[0].ticks >= 2 && Number(a) - waiting[0].at >= PROMISE_MS)
      must = waiting.shift()!.n + 1;
  }
  return { must, ended };
}

test('kill -9 in the middle of writing loses nothing that ended ten milliseconds before', async () => {
  const random = seeded('kill');
  for (let round = 0; round < 10; round++) {
    const folder = tempFolder();
    const child = Bun.spawn(
      [process.execPath, new URL('./testing-writer.ts', import.meta.url).pathname, folder],
      {
        stdout: 'pipe',
        stderr: 'inherit',
      },
    );
    let said = '';
    const listening = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of child.stdout) said += decoder.decode(chunk, { stream: true });
    })();
    while (promised(said).must === 0) await clock.sleep(5);
    await clock.sleep(random() * 60);
    child.kill('SIGKILL');
    await child.exited;
    await listening;

    const { must, ended } = promised(said);
    const found = recorded(folder);
    // In order, without a gap and without a second copy, as far as it goes.
    expect(found).toEqual(found.map((_, i) => i));
    expect(found.length).toBeGreaterThanOrEqual(must);
    expect(must).toBeGreaterThan(0);
    expect(ended).toBeGreaterThan(0);
  }
}, 60_000);
