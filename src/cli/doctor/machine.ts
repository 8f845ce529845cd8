import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import type { Clock } from '#contracts';
import { bytes } from '#contracts/say';
import { timestamp } from '../format.ts';
import { bad, type Finding, good, note, warn } from './finding.ts';

const BUN = [1, 4] as const;
const NODE = 20;
/** The gateway itself needs some 120 MB at rest, its Postgres about as much under load. */
const LITTLE_MEMORY = 300e6;
/** Nothing of this program is older. */
const BORN = Date.UTC(2026, 0, 1);

/** The machine apart from Midwatch: versions, memory, clock. */
export function machine(clock: Clock): Finding[] {
  return [runtime(), ...node(), memory(), time(clock)];
}

function runtime(): Finding {
  const [major = 0, minor = 0] = Bun.version.split('.').map(Number);
  if (major === BUN[0] && minor >= BUN[1]) return good('runtime', `Bun ${Bun.version}`);
  return warn('runtime', `Bun ${Bun.version} runs this, ${BUN.join('.')} was tested`, {
    why: 'Another Bun may differ in streams and sockets.',
    remedy: 'Start with `npm start` or `bin/midwatch`, which take the pinned one; `npm ci` installs it.',
  });
}

/** Node is only needed to install. A machine that runs a built binary has none, and that is in order. */
function node(): Finding[] {
  const found = Bun.which('node');
  if (!found) return [];
  const version = Bun.spawnSync([found, '--version'], { stderr: 'ignore' }).stdout.toString().trim();
  const major = Number(/^v(\d+)/.exec(version)?.[1]);
  if (!Number.isFinite(major)) return [];
  if (major >= NODE) return [good('node', `Node ${version.slice(1)}`)];
  return [
    note('node', `Node ${version.slice(1)} is older than ${NODE}`, {
      why: 'Midwatch does not run on it, but `npm ci` does.',
      remedy: `Use Node ${NODE} or newer to install.`,
    }),
  ];
}

function memory(): Finding {
  const free = available();
  const text = `${bytes(free)} of ${bytes(totalmem())} memory available`;
  if (free >= LITTLE_MEMORY) return good('memory', text);
  return warn('memory', text, {
    why: 'The kernel may end Midwatch or its Postgres when memory runs out.',
    remedy: 'Free memory, or point DATABASE_URL at a Postgres on another machine.',
  });
}

/** Free memory alone leaves out what the kernel would give back at once. */
function available(): number {
  try {
    const line = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'));
    if (line) return Number(line[1]) * 1024;
  } catch {
    // Not Linux: what the system calls free is then all there is.
  }
  return freemem();
}

function time(clock: Clock): Finding {
  const now = clock.now();
  if (now >= BORN)
    return good('clock', `${timestamp(now)}, ${Intl.DateTimeFormat().resolvedOptions().timeZone}`);
  return bad('clock', `The clock says ${timestamp(now)}, before this program was written`, {
    why: 'Records would lie in days that retention has dropped, and keys would seem not yet made.',
    remedy: 'Set the clock, best with NTP (`timedatectl set-ntp true`).',
  });
}
