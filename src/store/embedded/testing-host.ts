/**
 * The process behind `sharedTestCluster`: runs one Postgres for all tests of this user until nobody has been
 * connected for a while. Started by `testing.ts`, never imported.
 */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '#contracts';
import { systemClock } from '#kernel';
import { once } from './database.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { endLeftovers } from './leftovers.ts';
import { acquireLock } from './lock.ts';
import { startEmbedded } from './start.ts';
import { testFolder, urlFile } from './testing.ts';

const TICK_MS = 5_000;
const IDLE_TICKS = 60;
/** A test that keeps a database this long without a connection has forgotten it. */
const FORGOTTEN = '15 minutes';

const clock = systemClock();
const log: Log = (level, event, data) =>
  console.log(new Date(clock.now()).toISOString(), level, event, data ?? '');

try {
  acquireLock(testFolder);
} catch (error) {
  if (error instanceof EmbeddedPostgresError && error.kind === 'in-use') process.exit(0);
  throw error;
}

// Without fsync a cluster cannot be trusted after a crash of the machine, so each host begins with an empty one.
const dataDir = join(testFolder, 'data');
rmSync(urlFile, { force: true });
const before = join(dataDir, 'postgres', 'cluster');
if (existsSync(before)) await endLeftovers(before, clock, log);
rmSync(dataDir, { recursive: true, force: true });

const postgres = await startEmbedded({
  dataDir,
  clock,
  log,
  settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' },
});
writeFileSync(`${urlFile}.new`, postgres.url, { mode: 0o600 });
renameSync(`${urlFile}.new`, urlFile);

let ending = false;
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => {
    ending = true;
  });
}
for (let idle = 0; idle < IDLE_TICKS && !ending; ) {
  await clock.sleep(TICK_MS);
  // A test may drop its database while this looks at it: `true` lets the file be missing.
  const used = await once(postgres.url, async (sql) => {
    const forgotten: { name: string }[] = await sql`
      select datname as name from pg_database d
      where datname like 't\\_%'
        and not exists (select from pg_stat_activity a where a.datid = d.oid)
        and (pg_stat_file('base/' || oid || '/PG_VERSION', true)).modification < now() - ${FORGOTTEN}::interval`;
    for (const { name } of forgotten) await sql.unsafe(`drop database if exists "${name}"`);
    const [row] = await sql`
      select count(*)::int as n from pg_stat_activity
      where backend_type = 'client backend' and pid <> pg_backend_pid()`;
    return row.n > 0;
  });
  idle = used ? 0 : idle + 1;
}
rmSync(urlFile, { force: true });
await postgres.stop();
process.exit(0);
