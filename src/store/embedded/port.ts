import { createServer } from 'node:net';

/** Below the ports that systems hand out by themselves (32768 and up), so that no passing client sits on ours. */
const FIRST = 20_000;
const COUNT = 10_000;

/**
 * The port for a data folder nobody chose one for: always the same, derived from its path, so that a URL
 * somebody noted down still holds tomorrow; the next free one when that is taken.
 */
export async function findPort(home: string): Promise<number> {
  const start = Number(Bun.hash(home) % BigInt(COUNT));
  for (let step = 0; step < COUNT; step++) {
    const port = FIRST + ((start + step) % COUNT);
    if (await isFree(port)) return port;
  }
  return 0;
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
