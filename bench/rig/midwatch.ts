import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SOURCES } from '#contracts';
import { createMidwatch, type Midwatch } from '#sdk';
import { startChild } from './child.ts';
import { scratchFolder } from './cleanup.ts';
import { GATEWAY_CORE, move, OTHER_CORE } from './cores.ts';
import type { Feature } from './features.ts';
import { descendantsOf } from './proc.ts';

const ROOT = join(import.meta.dir, '..', '..');
export const COMMAND = join(ROOT, 'bin', 'midwatch');

/** The product as a user runs it: its own command, its own Postgres, a key that is checked, everything recorded. */
export interface House {
  readonly port: number;
  readonly pid: number;
  readonly folder: string;
  readonly key: string;
  readonly token: string;
  readonly api: Midwatch;
  /** Waits until the record is in the database; returns the milliseconds. */
  settle(patienceMs?: number): Promise<number>;
  /** Exchanges of callers in the database, counted row by row, and how many different ids they have. */
  recount(): Promise<{ readonly rows: number; readonly ids: number; readonly dropped: number }>;
  /** Process ids of Postgres. */
  postgres(): readonly number[];
  /** Ends it and removes its folder, unless the folder was given. */
  stop(): Promise<void>;
}

export interface HouseOptions extends Rest {
  readonly port: number;
  readonly upstream: number;
  /** A folder that was used before; by default a fresh one. */
  readonly folder?: string;
  /** The token of that folder. */
  readonly token?: string;
}

interface Rest {
  /** Bound of the spool; the product's own default otherwise. */
  readonly spoolMax?: string;
  /** What is switched on besides. */
  readonly feature?: Feature;
}

/** A provider by the name of the real one, at another address: prices and quirks are the real ones. JSON is YAML too. */
export function writeConfig(
  folder: string,
  upstream: number,
  { spoolMax = '2GB', feature }: Rest = {},
): void {
  const targets = [{ provider: 'openai' }];
  const tiers = [{ name: 'primary', targets }, ...(feature ? [{ name: 'spare', targets }] : [])];
  const config = {
    spool: { max: spoolMax },
    providers: {
      openai: { baseUrl: `http://127.0.0.1:${upstream}/v1`, apiKey: 'bench', ...feature?.provider },
    },
    routes: { chat: { tiers, ...feature?.route } },
    ...feature?.house,
  };
  writeFileSync(join(folder, 'midwatch.yaml'), JSON.stringify(config, undefined, 2));
}

export async function startMidwatch(options: HouseOptions): Promise<House> {
  const scratch = options.folder === undefined ? scratchFolder() : undefined;
  const folder = options.folder ?? scratch?.path ?? '';
  writeConfig(folder, options.upstream, options);
  const child = await startChild([COMMAND, 'up', '--json', '--port', String(options.port)], {
    core: GATEWAY_CORE,
    cwd: folder,
    ready: (line) => line.startsWith('{'),
  });
  const { adminToken } = JSON.parse(child.line) as { adminToken?: string };
  const token = adminToken ?? options.token ?? '';
  const api = createMidwatch({ baseUrl: `http://127.0.0.1:${options.port}`, token });
  const postgres = () =>
    descendantsOf(child.pid)
      .filter((p) => p.name === 'postgres')
      .map((p) => p.pid);
  // Postgres inherits the gateway's core. New sessions follow their parent, so moving what runs now is enough.
  for (const pid of postgres()) move(pid, OTHER_CORE);
  await consoleReady(options.port);
  const { key } = await api.keys.create({ name: 'bench' });
  return {
    port: options.port,
    pid: child.pid,
    folder,
    key,
    token,
    api,
    postgres,
    settle: (patienceMs = 120_000) => settle(api, patienceMs),
    async recount() {
      const { dropped } = (await api.system()).spool;
      const url = databaseUrl(folder, postgres());
      const sql = new Bun.SQL({ url, max: 1 });
      try {
        const [row] =
          await sql`select count(*)::float8 as rows, count(distinct id)::float8 as ids from exchanges
                    where source <> ${SOURCES.indexOf('shadow')}`;
        return { rows: row.rows, ids: row.ids, dropped };
      } finally {
        await sql.close();
      }
    },
    async stop() {
      await child.stop();
      await scratch?.remove();
    },
  };
}

/** The console is bundled after the start, by the process that is to be measured. */
async function consoleReady(port: number): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const { status } = await fetch(`http://127.0.0.1:${port}/`);
    if (status === 200) return;
    await Bun.sleep(100);
  }
  throw new Error('the console was not ready within 30 s');
}

async function settle(api: Midwatch, patienceMs: number): Promise<number> {
  const began = performance.now();
  let quiet = 0;
  for (;;) {
    // A database that is busy with the record may be slow to say so; it is asked again.
    const waiting = await api.system().then(
      ({ spool }) => spool.waiting,
      () => Number.POSITIVE_INFINITY,
    );
    // The scribe reports every fraction of a second, so one zero may be old.
    quiet = waiting === 0 ? quiet + 1 : 0;
    const ms = performance.now() - began;
    if (quiet === 3) return ms;
    if (ms > patienceMs) throw new Error(`${waiting} exchanges still wait in the spool after ${ms} ms`);
    await Bun.sleep(200);
  }
}

/** The address of the embedded database, from its password file and the command line of its server. */
export function databaseUrl(folder: string, postgres: readonly number[]): string {
  const password = readFileSync(join(folder, '.midwatch', 'postgres', 'password'), 'utf8').trim();
  for (const pid of postgres) {
    const [, port] = /\0-p\0(\d+)\0/.exec(readFileSync(`/proc/${pid}/cmdline`, 'latin1')) ?? [];
    if (port) return `postgres://midwatch:${password}@127.0.0.1:${port}/midwatch`;
  }
  throw new Error('the embedded Postgres was not found');
}
