import { readFileSync } from 'node:fs';
import type { Log } from '#contracts';

/** A thousand exchanges at once, two connections each, and what the house itself has open. */
const ENOUGH = 2_500;

/**
 * Warns where the system lets this process open so few files that callers would use them up: the connections to providers then
 * fail for want of our own descriptors, which nothing in the failure tells from a provider that is down.
 */
export function warnOfFewFiles(log: Log, limits = '/proc/self/limits'): void {
  const most = openFiles(limits);
  if (most !== undefined && most < ENOUGH)
    log('warn', 'few open files', {
      limit: most,
      why: `each exchange takes two, so ${Math.floor(most / 2)} at once are too many`,
      remedy: 'raise it with `ulimit -n 65536` or, in a systemd unit, LimitNOFILE=65536',
    });
}

/** How many this process may have open; undefined where the system does not say, as elsewhere than on Linux. */
function openFiles(limits: string): number | undefined {
  try {
    const soft = /^Max open files +(\d+)/m.exec(readFileSync(limits, 'utf8'))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
