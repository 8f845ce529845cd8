import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '#kernel';
import { binariesFromArchive, packBinaries } from './archive.ts';
import { packagedBinaries } from './binaries.ts';
import { once } from './database.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { neededFiles } from './files.ts';
import { startEmbedded } from './start.ts';

// Making a database takes as long as the machine is busy; no time decides a test here.
setDefaultTimeout(120_000);

// A home of mode 0700, in which a dropped account can reach neither data nor programs.
const base = mkdtempSync(join(tmpdir(), 'mw-binaries-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const works = async (name: string, binaries: string) => {
  const postgres = await startEmbedded({
    dataDir: join(base, name),
    binaries,
    clock: systemClock(),
    log: () => undefined,
  });
  const [row] = await once(postgres.url, async (sql) => [
    ...(
      await sql.unsafe(`
      create extension pg_trgm;
      select to_tsvector('english', 'running')::text as stem, similarity('watch', 'watches') > 0.5 as close,
             timestamptz '2026-07-01 12:00Z' at time zone 'Europe/Paris' = timestamp '2026-07-01 14:00' as zone
    `)
    ).flat(),
  ]);
  await postgres.stop();
  return row;
};
const working = { stem: "'run':1", close: true, zone: true };

test('a package whose install scripts did not run, below a folder nobody else may enter', async () => {
  // As npm unpacks it: real files only, no symbolic links.
  const native = join(base, 'package/native');
  for (const [path, source] of new Map([
    ...neededFiles(packagedBinaries()),
    ['pg-symlinks.json', join(packagedBinaries(), 'pg-symlinks.json')],
  ])) {
    const to = join(native, path.startsWith('lib/lib') ? `lib/${source.split('/').at(-1)}` : path);
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(source, to);
  }
  if (process.platform === 'linux') expect(existsSync(join(native, 'lib/libpq.so.5'))).toBe(false);
  expect(await works('bare', native)).toEqual(working);
});

test('an archive unpacks once, by whichever of two comes first, and what comes out runs', async () => {
  const archive = join(base, 'postgres.tar.zst');
  const size = await packBinaries(archive, packagedBinaries(), 1);
  expect(size).toBe(Bun.file(archive).size);

  const cache = join(base, 'cache');
  const [one, two] = await Promise.all([
    binariesFromArchive(archive, cache),
    binariesFromArchive(Bun.file(archive), cache),
  ]);
  expect(one).toBe(two);
  expect(readdirSync(cache)).toHaveLength(1);
  expect(await works('unpacked', one)).toEqual(working);
});

test('a damaged archive leaves no half tree behind', async () => {
  const cache = join(base, 'damaged');
  const half = Bun.zstdCompressSync(Buffer.alloc(1000, 7)).subarray(0, 20);
  const error = await binariesFromArchive(new Blob([half]), cache).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(EmbeddedPostgresError);
  expect(readdirSync(cache)).toEqual([]);
});
