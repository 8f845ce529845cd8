import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#kernel';
import { once } from './database.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { type EmbeddedOptions, startEmbedded } from './start.ts';

// Making a database takes as long as the machine is busy; no time decides a test here.
setDefaultTimeout(120_000);

const clock = systemClock();
// mkdtemp makes it 0700, as a home may be: whoever runs this, the server must cope.
const base = mkdtempSync(join(tmpdir(), 'mw-embedded-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const start = (name: string, options: Partial<EmbeddedOptions> = {}) =>
  startEmbedded({ dataDir: join(base, name), clock, log: () => undefined, ...options });

const ask = async (url: string, statement: string): Promise<unknown[]> =>
  once(url, async (sql) => [...(await sql.unsafe(statement))]);

const failure = async (starting: Promise<unknown>): Promise<EmbeddedPostgresError> => {
  const error = await starting.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof EmbeddedPostgresError)) throw new Error(`expected a failure of ours, got ${error}`);
  expect(error.message).toEndWith('.');
  expect(error.remedy).toEndWith('.');
  return error;
};

test('what was written is there after a clean stop and a second start, on the same url', async () => {
  const first = await start('keeps für später');
  await ask(first.url, 'create table kept as select 42 as n');
  await first.stop();
  expect(await ask(first.url, 'select 1').catch(() => 'closed')).toBe('closed');

  const second = await start('keeps für später');
  expect(second.url).toBe(first.url);
  expect(await ask(second.url, 'select n from kept')).toEqual([{ n: 42 }]);
  expect(second.stop()).toBe(second.stop());
  await second.stop();
});

test('it listens on loopback only, wants the password, keeps commits on disk and quotes no value in its log', async () => {
  const postgres = await start('settings', { settings: { work_mem: '7MB' } });
  const [settings] = await ask(
    postgres.url,
    `select json_object_agg(name, setting) as set from pg_settings where name in
     ('listen_addresses', 'unix_socket_directories', 'fsync', 'synchronous_commit', 'log_min_messages', 'work_mem')`,
  );
  expect(settings).toEqual({
    set: {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: 'on',
      synchronous_commit: 'on',
      log_min_messages: 'log',
      work_mem: '7168',
    },
  });
  expect(
    await ask(
      postgres.url,
      "select datlocprovider as p, datlocale as l from pg_database where datname = 'midwatch'",
    ),
  ).toEqual([{ p: 'b', l: 'C.UTF-8' }]);
  const wrong = new URL(postgres.url);
  wrong.password = 'guess';
  expect(await ask(wrong.href, 'select 1').catch((error) => error.errno)).toBe('28P01');
  expect(statSync(join(base, 'settings/postgres/password')).mode & 0o777).toBe(0o600);
  expect(statSync(join(base, 'settings/postgres')).mode & 0o777).toBe(0o700);
  await postgres.stop();
  expect(existsSync(join(base, 'settings/postgres/unsynced'))).toBe(false);
});

test('a second one on the same data folder is refused and leaves the first alone', async () => {
  const first = await start('once');
  const refused = await failure(start('once'));
  expect(refused.kind).toBe('in-use');
  expect(refused.message).toContain(`process ${process.pid}`);
  expect(await ask(first.url, 'select 1 as n')).toEqual([{ n: 1 }]);
  await first.stop();
});

test('two that start at once on an empty folder: one runs, one is refused', async () => {
  const outcomes = await Promise.allSettled([start('race'), start('race')]);
  const running = outcomes.filter((outcome) => outcome.status === 'fulfilled');
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  expect(running).toHaveLength(1);
  expect(refused[0]?.reason.kind).toBe('in-use');
  await running[0]?.value.stop();
});

test('a taken port is named', async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
  const refused = await failure(start('port', { port }));
  expect(refused.kind).toBe('port-taken');
  expect(refused.message).toContain(String(port));
  server.close();
  // A refusal gives everything free again.
  const postgres = await start('port');
  await postgres.stop();
});

test('a cluster of another version, a damaged one and a lost password are told apart', async () => {
  const cluster = join(base, 'broken/postgres/cluster');
  await (await start('broken')).stop();

  const version = readFileSync(join(cluster, 'PG_VERSION'));
  writeFileSync(join(cluster, 'PG_VERSION'), '17\n');
  expect((await failure(start('broken'))).kind).toBe('wrong-version');
  writeFileSync(join(cluster, 'PG_VERSION'), version);

  const control = readFileSync(join(cluster, 'global/pg_control'));
  truncateSync(join(cluster, 'global/pg_control'), 0);
  expect((await failure(start('broken'))).kind).toBe('corrupted');
  writeFileSync(join(cluster, 'global/pg_control'), control);

  const password = join(base, 'broken/postgres/password');
  writeFileSync(password, 'another\n');
  const refused = await failure(start('broken'));
  expect(refused.kind).toBe('corrupted');
  expect(refused.message).toContain('password');
  rmSync(password);
  expect((await failure(start('broken'))).message).toContain(password);
});

test('a folder where a file is in the way, and binaries that are not there', async () => {
  writeFileSync(join(base, 'file'), '');
  expect((await failure(start('file'))).kind).toBe('not-writable');
  expect((await failure(start('empty', { binaries: join(base, 'nowhere') }))).kind).toBe('binaries-missing');
});

test('an initdb that was killed halfway leaves nothing that hinders', async () => {
  mkdirSync(join(base, 'half/postgres/cluster.draft-killed/base'), { recursive: true });
  const postgres = await start('half');
  expect(existsSync(join(base, 'half/postgres/cluster.draft-killed'))).toBe(false);
  await postgres.stop();
});
