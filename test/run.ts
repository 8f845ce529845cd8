/**
 * Everything that `npm test` promises, in order of what a mistake costs: types and lint, the laws of the house, units and
 * conformance beside the code, then whole-product stories, the browser and the quick drills. A part that fails does not
 * keep the next from running: one run shows all that is broken. The last line counts.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const ROOT = join(import.meta.dir, '..');
const BIN = join(ROOT, 'node_modules', '.bin');

/** Stories that judge milliseconds, or count what a machine without room loses: each has it to itself. */
const ALONE: ReadonlySet<string> = new Set([
  'kill.test.ts',
  'outage.test.ts',
  'budget.test.ts',
  'unwritable.test.ts',
]);

/** Processes over which the files of all lanes are spread: so many that the lanes end at about the same time. */
const PORTIONS = 12;

interface Part {
  readonly name: string;
  readonly run: () => Promise<Counts>;
}
interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** One stage after the other; in a stage its lanes run beside each other, for one lane leaves a core idle while it waits. */
const stages: readonly (readonly (readonly Part[])[])[] = [
  [
    [{ name: 'types', run: () => check([join(BIN, 'tsc'), '--noEmit']) }],
    [{ name: 'lint', run: () => check([join(BIN, 'biome'), 'check', '--error-on-warnings', '.']) }],
  ],
  [
    [{ name: 'types of the console', run: () => check([join(BIN, 'tsc'), '--noEmit', '-p', 'console']) }],
    [{ name: 'laws', run: () => bunTest(['laws']) }],
  ],
  [[{ name: 'units and conformance', run: units }]],
  [[{ name: 'stories', run: stories }]],
  [
    [{ name: 'browser', run: browser }],
    [
      { name: 'fuzz', run: () => bunTest(['test/fuzz']) },
      { name: 'quick drills', run: drills },
    ],
  ],
];

const only = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
const broken: string[] = [];
const began = performance.now();
for (const lanes of stages) await Promise.all(lanes.map(walk));
if (broken.length > 0) console.log(`\nBroken: ${broken.join(', ')}`);
console.log(`\n${((performance.now() - began) / 1000).toFixed(0)} s in all`);
console.log(
  `${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`,
);
process.exit(total.failed > 0 ? 1 : 0);

async function walk(lane: readonly Part[]): Promise<void> {
  for (const part of lane) {
    if (only.length > 0 && !only.some((word) => part.name.includes(word))) continue;
    const start = performance.now();
    console.log(`\n── ${part.name}`);
    const counts = await part.run();
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    if (counts.failed > 0) broken.push(part.name);
    console.log(
      `── ${part.name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped in ${((performance.now() - start) / 1000).toFixed(1)} s`,
    );
  }
}

async function check(command: readonly string[]): Promise<Counts> {
  const child = Bun.spawn([...command], { cwd: ROOT, stdout: 'inherit', stderr: 'inherit' });
  return (await child.exited) === 0
    ? { passed: 1, failed: 0, skipped: 0 }
    : { passed: 0, failed: 1, skipped: 0 };
}

async function bunTest(paths: readonly string[]): Promise<Counts> {
  const present = paths.filter((path) => existsSync(join(ROOT, path)));
  if (present.length === 0) return { passed: 0, failed: 0, skipped: 0 };
  const child = Bun.spawn(
    [process.execPath, 'test', '--timeout', '60000', ...present.map((path) => `./${path}`)],
    {
      cwd: ROOT,
      stdout: 'pipe',
      stderr: 'pipe',
      env: { ...process.env, NO_COLOR: '1' },
    },
  );
  const [out, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), child.exited]);
  const all = `${out}\n${errors}`;
  const count = (word: string) => Number(new RegExp(`^\\s*(\\d+) ${word}$`, 'm').exec(all)?.[1] ?? 0);
  const counts = { passed: count('pass'), failed: count('fail'), skipped: count('skip') };
  if (code !== 0)
    console.log(
      all
        .split('\n')
        .filter((line) => !line.startsWith('(pass)'))
        .join('\n'),
    );
  // A runner that dies before it counts has failed, whatever it counted.
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

async function stories(): Promise<Counts> {
  const files = readdirSync(join(ROOT, 'test', 'stories'))
    .filter((file) => file.endsWith('.test.ts'))
    .sort()
    .map((file) => `test/stories/${file}`);
  const alone = files.filter((file) => ALONE.has(basename(file)));
  const together = files.filter((file) => !ALONE.has(basename(file)));
  return sum([await inLanes(together, 3), await bunTest(alone)]);
}

/** Several at a time: one lane leaves a core idle while it waits for a database or a socket. */
async function inLanes(files: readonly string[], lanes: number): Promise<Counts> {
  const left = [...files];
  const portion = Math.ceil(files.length / PORTIONS);
  const lane = async (): Promise<Counts> => {
    const done: Counts[] = [];
    while (left.length > 0) done.push(await bunTest(left.splice(0, portion)));
    return sum(done);
  };
  return sum(await Promise.all(Array.from({ length: lanes }, lane)));
}

function sum(all: readonly Counts[]): Counts {
  return {
    passed: all.reduce((n, one) => n + one.passed, 0),
    failed: all.reduce((n, one) => n + one.failed, 0),
    skipped: all.reduce((n, one) => n + one.skipped, 0),
  };
}

function text(stream: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(stream).text();
}

async function units(): Promise<Counts> {
  if (!Bun.which('redis-server') && !Bun.which('valkey-server'))
    console.log(
      'NO REDIS: what gateways share through it was not tested. Install it (`apt-get install redis-server`).',
    );
  const files = ['contracts', 'src', 'sdk', 'console', 'drills', 'bench'].flatMap((folder) =>
    [...new Bun.Glob('**/*.test.{ts,tsx}').scanSync({ cwd: join(ROOT, folder) })]
      .filter((file) => !file.split('/').includes('node_modules'))
      .map((file) => `${folder}/${file}`),
  );
  return inLanes(files.sort(), 2);
}

async function browser(): Promise<Counts> {
  const chromium =
    process.env.CHROMIUM ??
    ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
  if (chromium && existsSync(chromium)) return bunTest(['test/browser']);
  console.log(
    'NO BROWSER: the console was not tested. Install Chromium (`apt-get install chromium`) or name one in CHROMIUM.',
  );
  return { passed: 0, failed: 0, skipped: 1 };
}

async function drills(): Promise<Counts> {
  const child = Bun.spawn(
    [process.execPath, join(ROOT, 'src', 'cli', 'main.ts'), 'drill', '--all', '--quick', '--json'],
    { cwd: ROOT, stdout: 'pipe', stderr: 'inherit' },
  );
  const [out, code] = await Promise.all([text(child.stdout), child.exited]);
  const verdicts = out
    .split('\n')
    .flatMap((line) =>
      line.startsWith('{') ? [JSON.parse(line) as { drill: string; verdict: string }] : [],
    );
  for (const { drill, verdict } of verdicts) console.log(`${drill}: ${verdict}`);
  const passed = verdicts.filter((v) => v.verdict === 'good').length;
  const failed = verdicts.length - passed;
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed, skipped: 0 };
}
