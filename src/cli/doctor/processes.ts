import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Is there a process of this id, ours or not? */
export function alive(pid: number): boolean {
  // Dead, and only not yet waited for by its parent, as in a container whose first process waits for nobody.
  if (/^\d+ \(.*\) [ZX]/s.test(quietly(() => readFileSync(`/proc/${pid}/stat`, 'utf8'), ''))) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not allowed to signal it: then it exists.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Its command line, as far as this user may see it. Linux only. */
export function commandOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return text.length > 90 ? `${text.slice(0, 89)}…` : text || undefined;
  } catch {
    return undefined;
  }
}

const LISTENING = '0A';

/** Who listens on a TCP port, as far as the kernel tells this user. Linux only. */
export function listenerOn(port: number): { readonly pid: number; readonly command: string } | undefined {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const sockets = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(lines).flatMap((line) => {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      return state === LISTENING && local?.endsWith(`:${wanted}`) ? [`socket:[${inode}]`] : [];
    }),
  );
  if (sockets.size === 0) return undefined;
  for (const pid of entries('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number))
    if (entries(`/proc/${pid}/fd`).some((fd) => sockets.has(link(`/proc/${pid}/fd/${fd}`))))
      return { pid, command: commandOf(pid) ?? '?' };
  return undefined;
}

// Processes come and go, and most of them belong to others: what cannot be read is simply not known.
const lines = (file: string): string[] => quietly(() => readFileSync(file, 'utf8').split('\n'), []);
const entries = (folder: string): string[] => quietly(() => readdirSync(folder), []);
const link = (file: string): string => quietly(() => readlinkSync(file), '');
function quietly<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
