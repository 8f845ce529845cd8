import { expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { seeded, systemClock } from '#kernel';
import { nodeSpoolFiles } from '../files.ts';
import { tempFolder } from '../testing.ts';
import { salvage } from './pending.ts';
import { createSpoolReader } from './reader.ts';

const clock = systemClock();
/** Numbers of the exchanges that the next start finds in the spool, in order. */
function recorded(folder: string): number[] {
  const files = nodeSpoolFiles(folder);
  salvage(files);
  const reader = createSpoolReader({
    files,
    now: () => 0,
    quietMs: 1e9,
    onUnreadable: () => undefined,
  });
  reader.look();
  return reader
    .next({ count: 1e9, bytes: 1e12 })
    .map(({ spooled }) => Number.parseInt(spooled.facts.id.slice(-12), 16));
}

/** How many exchanges the process itself has said to be recorded; the last line may have been cut by the kill. */
const saidIn = (said: string): number => Math.max(0, said.split('\n').length - 1);

test('kill -9 in the middle of writing loses nothing that was recorded', async () => {
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
    while (saidIn(said) === 0) await clock.sleep(5);
    await clock.sleep(random() * 60);
    child.kill('SIGKILL');
    await child.exited;
    await listening;

    // One killed between its write and the mark that it is written finds what it wrote once more; the database takes it once.
    const found = [...new Set(recorded(folder))];
    expect(found).toEqual(found.map((_, i) => i));
    expect(found.length).toBeGreaterThanOrEqual(saidIn(said));
    expect(readdirSync(join(folder, 'pending'))).toEqual([]);
  }
}, 60_000);
