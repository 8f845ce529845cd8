import { accessSync, constants, existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '#contracts';
import { bytes, plural, span } from '#contracts/say';
import { bad, type Finding, good, note, unknown, warn } from './finding.ts';
import { alive, commandOf } from './processes.ts';

const AREA = 'data folder';
const LITTLE = 2e9;
const NEXT_TO_NOTHING = 500e6;
/** A file from further ahead than this was written under another clock. */
const AHEAD = 60_000;

/** The data folder: may it be written, is there room, who holds it, and what was left in it. */
export function dataFolder(path: string, running: boolean, clock: Clock): Finding[] {
  if (!existsSync(path)) {
    const parent = nearestExisting(path);
    return writable(parent)
      ? [good(AREA, `${path} will be made at the first start`), ...space(parent)]
      : [cannotWrite(path)];
  }
  if (!writable(path)) return [cannotWrite(path)];
  const held = holder(path, running);
  return [
    good(AREA, path),
    ...open(path),
    // A running Midwatch has told about the disk itself.
    ...(running ? [] : space(path)),
    ...held,
    // Of a process that lives, spool and Postgres are no leftovers.
    ...(running || held.some(({ level }) => level === 'warn') ? [] : [...spool(path), ...postgres(path)]),
    ...future(path, clock),
  ];
}

const nearestExisting = (path: string): string => (existsSync(path) ? path : nearestExisting(dirname(path)));

function writable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const cannotWrite = (path: string): Finding =>
  bad(AREA, `${path} cannot be written by this user`, {
    why: 'Spool, keys and database live there; Midwatch does not start without it.',
    remedy: `Give this user the folder (\`chown -R $(id -un) ${path}\`), or choose another with \`data:\` or --data.`,
  });

function open(path: string): Finding[] {
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) === 0) return [];
  return [
    warn(AREA, `Other users of this machine can look into ${path} (mode ${mode.toString(8)})`, {
      why: 'The spool holds what callers asked and were answered.',
      remedy: `chmod 700 ${path}`,
    }),
  ];
}

function space(path: string): Finding[] {
  const { bavail, bsize } = statfsSync(path);
  const free = bavail * bsize;
  if (free >= LITTLE) return [good('disk', `${bytes(free)} free`)];
  const about = {
    why: 'Spool and database share the disk; without space exchanges cannot be recorded.',
    remedy: 'Free space, or lower `retention.disk` and `spool.max`.',
  };
  return [(free < NEXT_TO_NOTHING ? bad : warn)('disk', `${bytes(free)} left`, about)];
}

/** The lock says who uses the folder; a holder that is gone is no obstacle. */
function holder(path: string, running: boolean): Finding[] {
  const file = join(path, 'lock');
  if (!existsSync(file)) return [];
  let pid: number | undefined;
  try {
    pid = (JSON.parse(readFileSync(file, 'utf8')) as { pid?: number }).pid;
  } catch {
    return [unknown(AREA, `The lock ${file} cannot be read`, { remedy: 'Look at its permissions.' })];
  }
  if (pid !== undefined && alive(pid))
    return running
      ? [good(AREA, `held by process ${pid}`)]
      : [
          warn(AREA, `Process ${pid} holds the folder, but no Midwatch answers`, {
            why: `It is ${commandOf(pid) ?? 'a process of another user'}; it may be starting, hanging, or listening elsewhere.`,
            remedy:
              'Look at its log. If it hangs: `kill -QUIT` it, then start again. Or say where it listens with --url.',
          }),
        ];
  return [
    note(AREA, `The lock names process ${pid ?? '?'}, which is gone`, {
      why: 'Midwatch was killed rather than stopped. The next start takes the lock over.',
    }),
  ];
}

function spool(path: string): Finding[] {
  const folder = join(path, 'spool');
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).map((name) => statSync(join(folder, name)));
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (size === 0) return [];
  return [
    note('spool', `${bytes(size)} in ${plural(files.length, 'file')} wait for the database`, {
      why: 'They were recorded before Midwatch ended; the next start moves them.',
      remedy: 'Nothing is lost. `midwatch up`',
    }),
  ];
}

/** Postgres that outlived its Midwatch. */
function postgres(path: string): Finding[] {
  const file = join(path, 'postgres', 'cluster', 'postmaster.pid');
  let pid: number;
  try {
    pid = Number(readFileSync(file, 'utf8').split('\n', 1)[0]);
  } catch {
    // Not there, or not readable by this user: nothing to say about it.
    return [];
  }
  if (!alive(pid) || !/postgres/.test(commandOf(pid) ?? 'postgres')) return [];
  return [
    warn('database', `A Postgres of an earlier run still runs (process ${pid})`, {
      why: 'Its Midwatch was killed. The next start ends it and goes on with its data.',
      remedy: '`midwatch up`, or `kill -INT` it.',
    }),
  ];
}

function future(path: string, clock: Clock): Finding[] {
  const now = clock.now();
  const ahead = ['keys.json', 'admin.json', 'spool']
    .map((name) => join(path, name))
    .filter(existsSync)
    .map((file) => statSync(file).mtimeMs - now);
  const most = Math.max(0, ...ahead);
  if (most < AHEAD) return [];
  return [
    warn('clock', `Files in ${path} are ${span(most)} ahead of the clock`, {
      why: 'The clock went back, or the folder came from another machine.',
      remedy: 'Set the clock, best with NTP.',
    }),
  ];
}
