import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { atomically, packagedBinaries } from './binaries.ts';
import { asEmbeddedError } from './errors.ts';
import { neededFiles } from './files.ts';

/** Highest level that does not need a window larger than decoders accept unasked. */
const LEVEL = 19;

/**
 * Writes the Postgres of this platform, as far as it is needed, into one file: tar, then zstd. For the build
 * of the single binary, which carries it as an embedded file.
 *
 * @returns its size in bytes.
 */
export async function packBinaries(
  outFile: string,
  root: string = packagedBinaries(),
  level: number = LEVEL,
): Promise<number> {
  const entries: Record<string, Uint8Array<ArrayBuffer>> = {};
  // Read here: given a `Bun.file`, Bun.Archive writes an entry of no bytes.
  for (const [path, source] of neededFiles(root)) entries[path] = await Bun.file(source).bytes();
  const tar = await new Bun.Archive(entries).bytes();
  const packed = await Bun.zstdCompress(tar, { level });
  return Bun.write(outFile, packed);
}

/**
 * The folder with the binaries of an archive, unpacked once below `cacheFolder` and named by content. Pass it
 * to `startEmbedded` as `binaries`. Safe when several processes do it at once or are killed in the middle.
 *
 * @param archive its path (inside a compiled binary too) or its content.
 */
export async function binariesFromArchive(archive: string | Blob, cacheFolder: string): Promise<string> {
  const packed = typeof archive === 'string' ? Bun.file(archive) : archive;
  try {
    mkdirSync(cacheFolder, { recursive: true });
    return await atomically(join(cacheFolder, `postgres-${await digestOf(packed)}`), async (folder) => {
      await new Bun.Archive(await Bun.zstdDecompress(await packed.bytes())).extract(folder);
      // The archive carries contents only; the loader wants to read libraries and run programs.
      for (const program of ['postgres', 'initdb']) chmodSync(join(folder, 'bin', program), 0o755);
    });
  } catch (error) {
    throw asEmbeddedError(error, cacheFolder);
  }
}

/** Piece by piece: this runs at every start, and the whole archive in memory would be a tenth of our budget. */
async function digestOf(packed: Blob): Promise<string> {
  const hash = new Bun.CryptoHasher('sha256');
  for await (const chunk of packed.stream()) hash.update(chunk);
  return hash.digest('hex').slice(0, 16);
}
