import { readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Log } from '#contracts';
import { EmbeddedPostgresError, errnoOf } from './errors.ts';
import { run } from './run.ts';

/**
 * What is tried in turn, and how long each may take. A fast shutdown writes a checkpoint; an immediate one
 * leaves the next start to recover from the log, which loses nothing. SIGKILL is only for a backend whose
 * postmaster is dead: nobody shares its memory any more.
 */
const STEPS = {
  postmaster: [
    ['SIGINT', 20_000],
    ['SIGQUIT', 10_000],
  ],
  backends: [
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ],
} as const;
const POLL_MS = 20;

/**
 * Ends every Postgres that an earlier Midwatch left on `folder`. The caller holds the instance lock, so no
 * living Midwatch owns them.
 *
 * They are ended and not adopted: a postmaster that is always our own child is told to stop, watched and
 * diagnosed in one way instead of two, and it runs with the settings of this version. It costs some 0.3 s
 * after a kill, and mostly nothing, since the guard has ended it already.
 */
export async function endLeftovers(folder: string, clock: Clock, log: Log): Promise<void> {
  let running = await postgresIn(folder);
  if (running.length === 0) {
    forgetRecycled(folder);
    return;
  }
  const postmaster = recordedPid(folder);
  const hasPostmaster = postmaster !== undefined && running.includes(postmaster);
  log('info', 'store.postgres.leftover', { pids: running });
  for (const [signal, patienceMs] of hasPostmaster ? STEPS.postmaster : STEPS.backends) {
    for (const pid of hasPostmaster ? [postmaster] : running) {
      send(pid, signal);
      send(pid, 'SIGCONT'); // one that is stopped cannot follow
    }
    for (let waited = 0; waited < patienceMs; waited += POLL_MS) {
      running = await postgresIn(folder);
      if (running.length === 0) return;
      await clock.sleep(POLL_MS);
    }
  }
  throw new EmbeddedPostgresError(
    'in-use',
    `A Postgres of an earlier run (process ${running.join(', ')}) does not end and holds the database in ${folder}.`,
    `End it (kill -QUIT ${running.join(' ')}), then start Midwatch again.`,
  );
}

/**
 * Process ids come round again, at once in a container: a `postmaster.pid` whose process lives but is not a
 * Postgres of this folder would keep Postgres from starting for ever. One whose process is gone stays, since
 * Postgres learns from it which shared memory to check.
 */
function forgetRecycled(folder: string): void {
  const pid = recordedPid(folder);
  if (pid !== undefined && isAlive(pid)) rmSync(join(folder, 'postmaster.pid'), { force: true });
}

/** Process ids of every Postgres, postmaster or backend, that works in this folder. */
async function postgresIn(folder: string): Promise<number[]> {
  if (process.platform !== 'linux') {
    const pid = recordedPid(folder);
    if (pid === undefined) return [];
    const { output } = await run('/bin/ps', ['-o', 'comm=', '-p', String(pid)]);
    return output.includes('postgres') ? [pid] : [];
  }
  const real = realpathSync(folder);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => read(() => readlinkSync(`/proc/${name}/cwd`)) === real)
    .filter((name) => read(() => readFileSync(`/proc/${name}/comm`, 'utf8'))?.startsWith('postgres'))
    .map(Number);
}

export function recordedPid(folder: string): number | undefined {
  const pid = Number(read(() => readFileSync(join(folder, 'postmaster.pid'), 'utf8'))?.split('\n')[0]);
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

/** Whatever cannot be read belongs to others or has just gone: either way it is not what we look for. */
function read(get: () => string): string | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}
