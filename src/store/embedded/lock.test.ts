import { afterAll, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireLock } from './lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'mw-lock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const kindOf = (attempt: () => unknown): unknown => {
  try {
    attempt();
    return 'acquired';
  } catch (error) {
    return error instanceof Error && 'kind' in error ? error.kind : error;
  }
};

test('a lock is held until it is released, even when nobody keeps what was returned', async () => {
  acquireLock(folder);
  for (let round = 0; round < 5; round++) {
    Bun.gc(true);
    await Bun.file(folder).exists(); // collected databases are closed between two tasks
  }
  expect(kindOf(() => acquireLock(folder))).toBe('in-use');
});

test('the kernel releases the lock of a process that is killed', async () => {
  const mine = join(folder, 'other');
  mkdirSync(mine);
  const program = `
    import { acquireLock } from ${JSON.stringify(join(import.meta.dir, 'lock.ts'))};
    acquireLock(${JSON.stringify(mine)});
    console.log('held');
    await new Promise(() => setInterval(() => undefined, 1000));
  `;
  const child = Bun.spawn([process.execPath, '-e', program], { stdout: 'pipe', stderr: 'inherit' });
  await child.stdout.getReader().read();
  expect(kindOf(() => acquireLock(mine))).toBe('in-use');
  child.kill('SIGKILL');
  await child.exited;
  expect(kindOf(() => acquireLock(mine).release())).toBe('acquired');
});
