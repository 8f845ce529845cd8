import { readFileSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Clock } from '#contracts';

/**
 * Behind the gateway in the queue for the processor, with about a quarter of its weight when both want the
 * same core: a database that is late is caught up by the spool, a relay that is late is seen by a client.
 * Not further behind, or a saturated machine would fill the spool to its bound.
 */
const NICE = 5;
const LOOK_AGAIN_MS = 5_000;

/**
 * Makes a server give way. On Linux outside containers the nice value alone does nothing: the kernel first
 * shares the processor between sessions (autogroup), and Postgres gives each of its processes a session. So
 * every session gets the value too, as connections come. None of this is worth failing for.
 *
 * @returns a function that ends the looking.
 */
export function giveWay(pid: number, clock: Clock): () => void {
  attempt(() => setPriority(pid, NICE));
  const sessions = () => {
    const children = attempt(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')) ?? '';
    for (const process of [pid, ...children.split(' ').filter(Boolean)]) {
      const file = `/proc/${process}/autogroup`;
      attempt(() => {
        // The kernel lets an ordinary user change one in a tenth of a second: only those that need it are asked.
        if (!readFileSync(file, 'utf8').trimEnd().endsWith(`nice ${NICE}`)) writeFileSync(file, String(NICE));
      });
    }
  };
  if (process.platform !== 'linux') return () => undefined;
  sessions();
  return clock.every(LOOK_AGAIN_MS, sessions);
}

/** The process may be gone, the kernel without autogroup, the value forbidden: then it stays as it is. */
function attempt<T>(change: () => T): T | undefined {
  try {
    return change();
  } catch {
    return undefined;
  }
}
