import { spawn } from 'node:child_process';
import type { Cluster } from './cluster.ts';
import { childEnvironment } from './run.ts';

export interface Guard {
  /** From now on this is the postmaster to end when we die. */
  watch(pid: number): void;
  release(): void;
}

/**
 * Reads process ids, one a line. The end of its input means that Midwatch is gone, however it went; the last
 * postmaster is then told to shut down, if the folder still says that it is the one.
 */
const SCRIPT = `
while read -r pid; do last=$pid; done
read -r recorded < postmaster.pid
[ "$recorded" = "$last" ] && kill -INT "$last"
`;

/**
 * A shell of about a megabyte that outlives us by a moment, so that a killed Midwatch leaves no Postgres behind.
 *
 * The kernel's parent-death signal (`setpriv --pdeathsig`) was rejected: it is Linux only, is sent when the
 * *thread* that started the child ends, and is lost when the parent dies before it is set. Here the kernel
 * closes a pipe. If the guard itself is killed, the next start finds the leftover.
 */
export function startGuard(cluster: Cluster): Guard {
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'midwatch-guard'], {
    ...(cluster.account && { uid: cluster.account.uid, gid: cluster.account.gid }),
    cwd: cluster.folder,
    env: { ...childEnvironment },
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl-C goes to the whole foreground group; the guard must live to see how that ends.
    detached: true,
  });
  // Without a guard, or after its death, there is nothing to tell: the database runs all the same.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  return {
    watch: (pid) => void child.stdin.write(`${pid}\n`),
    release: () => void child.kill('SIGKILL'),
  };
}
