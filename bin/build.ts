/**
 * `npm run build`: one self-contained binary in `dist/` that does what `npm start` does, Postgres and console inside.
 * Everything that the product finds through the file system in a checkout is carried in by `src/app/carried.ts`.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildConsole } from '../src/app/console-assets.ts';
import { packBinaries } from '../src/store/embedded/index.ts';

const ROOT = join(import.meta.dir, '..');
const OUT = join(ROOT, 'dist');
const WORK = join(OUT, 'work');
const outfile = join(OUT, 'midwatch');

rmSync(WORK, { recursive: true, force: true });
mkdirSync(WORK, { recursive: true });

const consoleFolder = join(WORK, 'console');
await buildConsole(ROOT, consoleFolder);
const archive = join(WORK, 'postgres.tar.zst');
await packBinaries(archive);

const pages = readdirSync(consoleFolder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));
// `type: file` gives the path at which the binary finds the file inside itself.
const source = [
  `import postgres from ${JSON.stringify(archive)} with { type: 'file' };`,
  ...pages.map((path, i) => `import page${i} from ${JSON.stringify(path)} with { type: 'file' };`),
  `export const carried = { postgres, console: {`,
  ...pages.map((path, i) => `  ${JSON.stringify(path.slice(consoleFolder.length + 1))}: page${i},`),
  '} };',
].join('\n');

const built = await Bun.build({
  entrypoints: ['cli/main.ts', 'app/scribe-worker.ts', 'app/gateway-worker.ts'].map((entry) =>
    join(ROOT, 'src', entry),
  ),
  target: 'bun',
  minify: true,
  // The sketch library asks for it only when a sketch becomes protobuf, which never happens here.
  external: ['protobufjs/minimal'],
  compile: { outfile },
  plugins: [
    {
      name: 'carried',
      setup(build) {
        build.onLoad({ filter: /src\/app\/carried\.ts$/ }, () => ({ contents: source, loader: 'ts' }));
      },
    },
  ],
});
for (const log of built.logs) console.error(String(log));
if (!built.success) process.exit(1);
rmSync(WORK, { recursive: true, force: true });
console.log(`${outfile}: ${(statSync(outfile).size / 1e6).toFixed(0)} MB`);
