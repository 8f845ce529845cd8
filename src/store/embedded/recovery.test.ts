import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#kernel';
import { once } from './database.ts';
import { recordedPid } from './leftovers.ts';
import { type EmbeddedOptions, startEmbedded } from './start.ts';

// Making a database takes as long as the machine is busy; no time decides a test here.
setDefaultTimeout(120_000);

const clock = systemClock();
const base = mkdtempSync(join(tmpdir(), 'mw-recovery-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const start = (name: string, options: Partial<EmbeddedOptions> = {}) =>
  startEmbedded({ dataDir: join(base, name), clock, log: () => undefined, ...options });

const count = (url: string) =>
  once(url, async (sql) => (await sql`select count(*)::int as n from kept`)[0].n as number);

/** A Midwatch in a process of its own, which writes rows and can be killed. */
async function startElsewhere(name: string): Promise<{ url: string; pid: number; kill(): Promise<void> }> {
  const program = `
    import { startEmbedded } from ${JSON.stringify(join(import.meta.dir, 'start.ts'))};
    import { systemClock } from '#kernel';
    const postgres = await startEmbedded({
      dataDir: ${JSON.stringify(join(base, name))}, clock: systemClock(), log: () => undefined,
    });
    const sql = new Bun.SQL({ url: postgres.url, max: 1 });
    await sql.unsafe('create table if not exists kept (n int)');
    await sql.unsafe('insert into kept select generate_series(1, 1000)');
    console.log(JSON.stringify({ url: postgres.url, pid: postgres.pid }));
    while (true) await sql.unsafe('insert into kept select 1 where false');
  `;
  const child = Bun.spawn([process.execPath, '-e', program], {
    cwd: import.meta.dir,
    stdout: 'pipe',
    stderr: 'inherit',
  });
  for await (const chunk of child.stdout) {
    const { url, pid } = JSON.parse(new TextDecoder().decode(chunk));
    return {
      url,
      pid,
      async kill() {
        child.kill('SIGKILL');
        await child.exited;
      },
    };
  }
  throw new Error('the other process did not start a database');
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await clock.sleep(10);
}

/** An orphan that has ended may stay a zombie for as long as the process 1 of a container pleases. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('a killed Midwatch takes its server along, and what was committed is there again', async () => {
  const other = await startElsewhere('killed');
  await other.kill();
  await until(() => !isAlive(other.pid));

  const postgres = await start('killed');
  expect(postgres.url).toBe(other.url);
  expect(await count(postgres.url)).toBe(1000);
  await postgres.stop();
});

test('a start in the same instant as the kill waits for the old server and never runs two', async () => {
  const other = await startElsewhere('instant');
  await other.kill();
  const postgres = await start('instant');
  expect(isAlive(other.pid)).toBe(false);
  expect(await count(postgres.url)).toBe(1000);
  await postgres.stop();
});

test('a server that nobody ended is found, ended cleanly and replaced, even one that is stopped', async () => {
  const other = await startElsewhere('leftover');
  // A stopped server cannot follow the guard's signal: the worst leftover there is.
  process.kill(other.pid, 'SIGSTOP');
  await other.kill();
  expect(isAlive(other.pid)).toBe(true);

  const postgres = await start('leftover');
  expect(isAlive(other.pid)).toBe(false);
  expect(postgres.pid).not.toBe(other.pid);
  expect(await count(postgres.url)).toBe(1000);
  await postgres.stop();
});

test('a killed server is back on the same url, and a pool that was open goes on', async () => {
  const seen: string[] = [];
  const postgres = await start('server', {
    onExit: (exit) => seen.push(`exit ${exit.signal}`),
    onRestart: () => seen.push('restart'),
  });
  const sql = new Bun.SQL({ url: postgres.url, max: 2 });
  await sql.unsafe('create table kept as select generate_series(1, 1000)');
  const { pid } = postgres;
  process.kill(pid, 'SIGKILL');
  await until(() => seen.includes('restart'));
  expect(seen).toEqual(['exit SIGKILL', 'restart']);
  expect(postgres.pid).not.toBe(pid);

  const answers = () =>
    sql`select count(*)::int as n from kept`.then(
      ([row]) => row.n === 1000,
      () => false, // each connection of the pool learns of the death once
    );
  await until(answers);
  await sql.close();
  await postgres.stop();
  expect(seen).toHaveLength(2);
});

test('a stop while the server is down ends the restarting', async () => {
  const exits: number[] = [];
  const postgres = await start('stopping', { onExit: () => exits.push(1) });
  const { pid } = postgres;
  process.kill(pid, 'SIGKILL');
  await until(() => exits.length === 1);
  await postgres.stop();
  const again = await start('stopping');
  expect(again.pid).not.toBe(pid);
  await again.stop();
});

test('a postmaster.pid of the past does not hinder, though its process id lives again as something else', async () => {
  await (await start('recycled')).stop();
  const cluster = join(base, 'recycled/postgres/cluster');
  const past = (pid: number) => `${pid}\n${cluster}\n1700000000\n5432\n\n127.0.0.1\n0 0\nready\n`;
  // Another process of the same account: what Postgres itself would have to take for a rival.
  for (const pid of [process.pid, 4_194_303]) {
    writeFileSync(join(cluster, 'postmaster.pid'), past(pid));
    const postgres = await start('recycled');
    expect(recordedPid(cluster)).toBe(postgres.pid);
    await postgres.stop();
  }
});

test('the server gives way to us, and sees none of our environment', async () => {
  const postgres = await start('humble');
  if (process.platform === 'linux') {
    const stat = readFileSync(`/proc/${postgres.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    expect(Number(stat[16])).toBeGreaterThan(0);
    const environment = readFileSync(`/proc/${postgres.pid}/environ`, 'utf8').split('\0').filter(Boolean);
    expect(environment.map((entry) => entry.split('=')[0]).sort()).toEqual(['LC_ALL', 'PATH', 'TZ']);
  }
  await postgres.stop();
});
