import { createServer } from 'node:net';
import { EmbeddedPostgresError } from './errors.ts';
import type { Postmaster } from './postmaster.ts';

/** Below the ports that systems hand out by themselves (32768 and up), so that no passing client sits on ours. */
const FIRST = 20_000;
const COUNT = 10_000;
/** Two that start at the same moment may find the same port free; the loser looks again. */
const TRIES = 5;

/** Starts on the wanted port, or, when none is wanted, on the data folder's own. */
export async function onFreePort(
  wanted: number | undefined,
  home: string,
  startOn: (port: number) => Promise<Postmaster>,
): Promise<{ port: number; postmaster: Postmaster }> {
  for (let tries = 1; ; tries++) {
    const port = wanted ?? (await findPort(home));
    if (!(await isFree(port))) throw taken(port);
    try {
      return { port, postmaster: await startOn(port) };
    } catch (error) {
      const lost = error instanceof EmbeddedPostgresError && error.kind === 'port-taken';
      if (!lost || wanted !== undefined || tries === TRIES) throw error;
    }
  }
}

/**
 * The port for a data folder nobody chose one for: always the same, derived from its path, so that a URL
 * somebody noted down still holds tomorrow; the next free one when that is taken.
 */
async function findPort(home: string): Promise<number> {
  const start = Number(Bun.hash(home) % BigInt(COUNT));
  for (let step = 0; step < COUNT; step++) {
    const port = FIRST + ((start + step) % COUNT);
    if (await isFree(port)) return port;
  }
  throw taken(FIRST);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function taken(port: number): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'port-taken',
    `Another program listens on port ${port}, which the database is to use.`,
    'Stop that program, or give the database another port.',
  );
}
