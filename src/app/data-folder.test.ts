import { expect, test } from 'bun:test';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataFolder } from './data-folder.ts';
import { StartError } from './start-error.ts';

/** The kernel's words of a process, as a lock holds them. */
const stat = (pid: number) =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
const holder = (pid: number) => JSON.stringify({ pid, started: stat(pid)[19] });

async function lockedBy(pid: number, work: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-lock-'));
  mkdirSync(join(folder, 'spool'));
  writeFileSync(join(folder, 'lock'), holder(pid));
  await work(folder);
  rmSync(folder, { recursive: true });
}

/** Only Linux tells of processes in files; elsewhere any live process of that number counts. */
if (existsSync('/proc/self/stat')) {
  test('a live holder keeps the folder, after a moment in which it might have ended', async () => {
    const child = Bun.spawn(['sleep', '60']);
    await lockedBy(child.pid, (folder) => {
      expect(() => openDataFolder(folder, '/', 'i')).toThrow(StartError);
    });
    child.kill();
    await child.exited;
  });

  test('one that was killed and not yet fetched by its parent holds nothing', async () => {
    // The shell becomes a program that never waits for the child it leaves behind; until it has, it would.
    const parent = Bun.spawn(['sh', '-c', 'sleep 60 & echo $!; exec sleep 60'], { stdout: 'pipe' });
    const { value } = await parent.stdout.getReader().read();
    const pid = Number(new TextDecoder().decode(value));
    while (readFileSync(`/proc/${parent.pid}/comm`, 'utf8') !== 'sleep\n') await Bun.sleep(5);
    process.kill(pid, 'SIGKILL');
    while (stat(pid)[0] !== 'Z') await Bun.sleep(5);
    await lockedBy(pid, (folder) => openDataFolder(folder, '/', 'i').release());
    parent.kill();
    await parent.exited;
  });

  test('one that is about to end is waited for', async () => {
    const child = Bun.spawn(['sleep', '0.5']);
    await lockedBy(child.pid, (folder) => openDataFolder(folder, '/', 'i').release());
    await child.exited;
  });
}
