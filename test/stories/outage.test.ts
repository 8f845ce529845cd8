import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#kernel';
import { type EmbeddedPostgres, startEmbedded } from '#store/embedded';
import { load, recount } from '../support/load.ts';
import { type Product, product, until } from '../support/product.ts';

/**
 * The database goes away under load and comes back: no caller notices, the product says so, and a recount afterwards
 * equals what was sent. MIDWATCH_OUTAGE_S sets for how long; the figure of the papers comes from 60.
 */
const OUTAGE_MS = Number(process.env.MIDWATCH_OUTAGE_S ?? 4) * 1_000;
setDefaultTimeout(120_000 + 2 * OUTAGE_MS);

const folder = mkdtempSync(join(tmpdir(), 'midwatch-outage-'));
let postgres: EmbeddedPostgres | undefined;
let house: Product | undefined;
afterAll(async () => {
  await house?.stop();
  await postgres?.stop();
  house?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const database = (port?: number) =>
  startEmbedded({
    dataDir: folder,
    clock: systemClock(),
    log: () => undefined,
    ...(port !== undefined && { port }),
  });

test('a database gone under load is noticed by the operator and by nobody else', async () => {
  postgres = await database();
  const { url, port } = postgres;
  house = await product({ env: { DATABASE_URL: url } });
  const { api } = house;
  const callers = load(house);
  await Bun.sleep(500);
  await postgres.stop();
  await Bun.sleep(OUTAGE_MS);
  const during = await api.system();
  expect(during.database.state).toBe('down');
  expect(during.spool.waiting).toBeGreaterThan(0);
  expect(during.spool.dropped).toBe(0);
  expect(await api.exchanges.list().catch((e: unknown) => (e as { status?: number }).status)).toBe(503);

  postgres = await database(port);
  await Bun.sleep(500);
  await callers.stop();
  await until(async () => (await api.system()).spool.waiting === 0, 'the spool to empty', 60_000);
  expect(callers.noticed.slice(0, 3)).toEqual([]);
  // The scribe says how much waits when it has looked, which may be a moment after the database is back.
  await until(async () => (await api.watch()).totals.exchanges >= callers.sent.size, 'the record', 60_000);
  const watch = await api.watch();
  expect(watch.totals.exchanges).toBe(callers.sent.size);
  expect((await recount(house)).size).toBe(callers.sent.size);

  // And a start while it is gone serves from the last good state.
  await house.stop();
  await postgres.stop();
  house = await house.again();
  const answer = await fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'sim', messages: [{ role: 'user', content: 'still there?' }] }),
  });
  expect(answer.status).toBe(200);
  postgres = await database(port);
  const after = house.api;
  await until(
    async () =>
      (await after.exchanges.list({ limit: 1 })).rows[0]?.id === answer.headers.get('x-midwatch-exchange'),
    'the exchange of the outage',
    60_000,
  );
});
