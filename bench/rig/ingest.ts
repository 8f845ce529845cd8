import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '#kernel';
import { openStore } from '#store';
import { startEmbedded } from '#store/embedded';
import { scratchFolder, undoLater } from './cleanup.ts';
import { GATEWAY_CORE, on } from './cores.ts';
import { type Asked, fillSpool } from './recording.ts';

export interface Ingested {
  readonly count: number;
  /** Of all asks and answers as they were sent. */
  readonly jsonBytes: number;
  readonly seconds: number;
  /** Processor time of the scribe alone. */
  readonly cpuSeconds: number;
  /** What the database grew by, indexes and rollups included. */
  readonly databaseBytes: number;
}

/** Records the exchanges into a spool, then moves them into a fresh embedded Postgres and measures only that. */
export async function ingest(exchanges: Iterable<Asked>): Promise<Ingested> {
  const { path: folder, remove } = scratchFolder();
  const spool = join(folder, 'spool');
  mkdirSync(spool);
  const clock = systemClock();
  const log = () => undefined;
  // Inherits the core of this bench, which is not the scribe's.
  const postgres = await startEmbedded({ dataDir: folder, clock, log });
  const stopPostgres = undoLater(() => postgres.stop());
  const store = openStore({ url: postgres.url, clock, log });
  try {
    await store.upkeep.migrate();
    const empty = (await store.upkeep.describe()).bytes ?? 0;
    const { count, jsonBytes } = await fillSpool(spool, exchanges);
    const scribe = Bun.spawn(
      on(GATEWAY_CORE, [process.execPath, join(import.meta.dir, '..', 'scribe.ts'), spool, postgres.url]),
      { stdout: 'pipe', stderr: 'inherit' },
    );
    // Without its database it would wait for ever; so it must not outlive us.
    const ended = undoLater(() => scribe.kill());
    const said = JSON.parse(await new Response(scribe.stdout).text()) as {
      seconds: number;
      cpuSeconds: number;
      inserted: number;
      parked: number;
      undigested: number;
    };
    await ended();
    if (said.inserted !== count || said.parked > 0 || said.undigested > 0)
      throw new Error(
        `${said.inserted} of ${count} arrived, ${said.parked} parked, ${said.undigested} without bodies`,
      );
    const full = (await store.upkeep.describe()).bytes ?? 0;
    return {
      count,
      jsonBytes,
      seconds: said.seconds,
      cpuSeconds: said.cpuSeconds,
      databaseBytes: full - empty,
    };
  } finally {
    await store.close();
    await stopPostgres();
    await remove();
  }
}
