import { spawn } from 'node:child_process';

/** Numeric identity a child process runs under. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export interface RunOptions {
  /** Account to drop to; absent means our own. Only root may give one. */
  readonly account?: Account | undefined;
  readonly cwd?: string | undefined;
  /** File descriptor handed over as standard input. */
  readonly stdin?: number | undefined;
}

export interface RunResult {
  /** Exit code; 127 when the program could not be started at all. */
  readonly code: number;
  /** Standard output and standard error, in the order they arrived. */
  readonly output: string;
}

/**
 * The whole environment of every child. Ours is not inherited: it holds provider keys, and a Postgres
 * backend that crashes may leave its environment in a core file. `C` keeps messages in the English that
 * `diagnose` reads.
 */
export const childEnvironment: Readonly<Record<string, string>> = {
  PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
  LC_ALL: 'C',
  TZ: 'UTC',
};

/** Runs a program to its end. Never rejects: what went wrong is in the result. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve) => {
    const failed = (error: unknown) => resolve({ code: 127, output: String(error) });
    try {
      const child = spawn(command, [...args], {
        ...(options.account && { uid: options.account.uid, gid: options.account.gid }),
        // A child keeps our working directory, which a dropped account may not even be allowed to name.
        cwd: options.cwd ?? '/',
        env: { ...childEnvironment },
        stdio: [options.stdin ?? 'ignore', 'pipe', 'pipe'],
      });
      let output = '';
      const collect = (chunk: Buffer) => {
        output += chunk.toString();
      };
      child.stdout?.on('data', collect);
      child.stderr?.on('data', collect);
      child.on('error', failed);
      child.on('close', (code) => resolve({ code: code ?? 1, output }));
    } catch (error) {
      // Some failures to start are events, others (a file that is no program) are thrown.
      failed(error);
    }
  });
}
