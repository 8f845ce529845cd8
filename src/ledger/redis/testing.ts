import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real Redis of the test's own, without persistence. */
export interface RedisServer {
  readonly url: string;
  readonly pid: number;
  /** Ends it as a crash would, until `restart`. */
  kill(): Promise<void>;
  /** Ends it and starts an empty one in its place. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const FIRST_PORT = 7870;
const PORTS = 20;

/** The server's program, where this machine has one. */
export const redisBinary = (): string | undefined =>
  Bun.which('redis-server') ?? Bun.which('valkey-server') ?? undefined;

export async function startRedis(): Promise<RedisServer> {
  const binary = redisBinary();
  if (!binary)
    throw new Error(
      'These tests need a real Redis: install `redis-server` (Debian: apt-get install redis-server).',
    );
  const dir = mkdtempSync(join(tmpdir(), 'midwatch-redis-'));

  const spawn = (port: number) =>
    Bun.spawn(
      [
        binary,
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        '--dir',
        dir,
      ],
      { stdout: 'pipe', stderr: 'inherit' },
    );
  /** True when it listens, false when it ended instead (the port is taken). */
  async function ready(child: ReturnType<typeof spawn>): Promise<boolean> {
    const decoder = new TextDecoder();
    let log = '';
    for await (const chunk of child.stdout) {
      log += decoder.decode(chunk, { stream: true });
      if (log.includes('Ready to accept connections')) return true;
    }
    return false;
  }
  async function start(from: number): Promise<{ child: ReturnType<typeof spawn>; port: number }> {
    for (let port = from; port < FIRST_PORT + PORTS; port++) {
      const child = spawn(port);
      if (await ready(child)) return { child, port };
      await child.exited;
    }
    throw new Error(`no free port from ${from} to ${FIRST_PORT + PORTS - 1} for redis-server`);
  }

  const first = await start(FIRST_PORT);
  const { port } = first;
  let { child } = first;
  return {
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return child.pid;
    },
    async kill() {
      child.kill('SIGKILL');
      await child.exited;
    },
    async restart() {
      child.kill('SIGKILL');
      await child.exited;
      child = spawn(port);
      if (!(await ready(child))) throw new Error(`redis-server did not come back on port ${port}`);
    },
    async stop() {
      child.kill('SIGKILL');
      await child.exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
