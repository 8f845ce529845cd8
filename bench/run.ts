import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PARTS } from './parts/index.ts';
import { machine } from './report/machine.ts';
import { type Ran, results } from './report/results.ts';
import { cleanUp } from './rig/cleanup.ts';
import { move, OTHER_CORE } from './rig/cores.ts';
import { takenPort } from './rig/ports.ts';

/**
 * `npm run bench [part…] [--quick]`. A whole run writes bench/RESULTS.md; some parts or a quick look only print, so that
 * the paper never mixes runs.
 */
const WHOLE_MS = 25 * 60_000;
const QUICK_MS = 4 * 60_000;
const words = process.argv.slice(2);
const quick = words.includes('--quick');
const names = words.filter((word) => !word.startsWith('--'));
const unknown = [
  ...words.filter((word) => word.startsWith('--') && word !== '--quick'),
  ...names.filter((name) => PARTS.every((part) => part.name !== name)),
];
if (unknown.length > 0 || process.platform !== 'linux') {
  console.error(
    process.platform === 'linux'
      ? `Unknown: ${unknown.join(', ')}. Parts: ${PARTS.map((part) => part.name).join(', ')}. Flag: --quick.`
      : 'The bench reads /proc and pins processes; it runs on Linux only.',
  );
  process.exit(1);
}

const taken = takenPort();
if (taken !== undefined) {
  // Two benches at once would measure each other, and the second would overwrite the paper with its failures.
  console.error(`Port ${taken} is taken; another bench may be running. Wait for its end and start again.`);
  process.exit(1);
}

const chosen = names.length === 0 ? PARTS : PARTS.filter((part) => names.includes(part.name));
const date = new Date().toISOString().slice(0, 16).replace('T', ' ');
const about = machine();
const ran: Ran[] = [];
const paper = () => results({ date, command: ['npm run bench', ...words].join(' '), machine: about, ran });
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void cleanUp().finally(() => process.exit(130)));

const started = performance.now();
const left = () => (quick ? QUICK_MS : WHOLE_MS) - (performance.now() - started);
move(process.pid, OTHER_CORE);
for (const part of chosen) {
  console.log(`\n── ${part.name}`);
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1_000;
  try {
    const outcome = await part.run({ quick, left, say: (line) => console.log(line) });
    ran.push({ part, seconds: seconds(), outcome });
  } catch (error) {
    // One part that cannot be measured must not cost the others their figures.
    // The first line is for the paper; the rest may hold paths of this machine.
    const failed = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
    ran.push({ part, seconds: seconds(), outcome: { failed } });
    console.error(error);
  } finally {
    await cleanUp();
  }
  // After each part: a run that is interrupted keeps what it has.
  if (!quick && names.length === 0) writeFileSync(join(import.meta.dir, 'RESULTS.md'), paper());
}
console.log(`\n${paper()}`);
process.exit(ran.some(({ outcome }) => 'failed' in outcome) ? 1 : 0);
