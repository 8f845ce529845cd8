import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { passes, type Row, runSection } from './stats/lib.ts';
import { type Done, report, sectionTable } from './stats/report.ts';
import { SECTIONS } from './stats/sections.ts';

// bun bench/stats.ts [--only id,id] [--scale 0.1] [--seed other]: rebuilds the simulation models, prints every table beside the
// expected values and, for a whole run, writes STATS.md.
const { values } = parseArgs({
  options: { only: { type: 'string' }, seed: { type: 'string' }, scale: { type: 'string', default: '1' } },
});
const scale = Number(values.scale);
const only = values.only?.split(',');
const wanted = SECTIONS.filter(({ id }) => !only || only.includes(id));
const from = performance.now();

// Speed is measured alone, after the other threads have gone.
const simulated = wanted.filter(({ id }) => id !== 'speed').map(({ id }) => id);
const done = new Map<string, Done>();

function finish(id: string, rows: readonly Row[], seconds: number): void {
  const section = SECTIONS.find((candidate) => candidate.id === id)!;
  const entry = { section, rows, seconds };
  done.set(id, entry);
  console.log(sectionTable(entry));
}

async function drain(queue: string[]): Promise<void> {
  const worker = new Worker(new URL('./stats/worker.ts', import.meta.url).href);
  try {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      const answer = await new Promise<{ id: string; rows: Row[]; seconds: number }>((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = (event) => reject(new Error(`section ${id}: ${event.message}`));
        worker.postMessage({ id, scale, seed: values.seed });
      });
      finish(answer.id, answer.rows, answer.seconds);
    }
  } finally {
    worker.terminate();
  }
}

const queue = [...simulated];
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, () => drain(queue)));
for (const section of wanted.filter(({ id }) => id === 'speed')) {
  const start = performance.now();
  const rows = runSection(section, scale);
  finish(section.id, rows, (performance.now() - start) / 1000);
}

const seconds = (performance.now() - from) / 1000;
const ordered = wanted.map(({ id }) => done.get(id)!);
const failed = ordered.flatMap(({ rows }) => rows).filter((row) => passes(row) === false);
console.log(`${failed.length} figures do not hold; ${Math.round(seconds)} s`);
if (!only && scale === 1 && values.seed === undefined) {
  const findings = await Bun.file(new URL('./stats/findings.md', import.meta.url)).text();
  await Bun.write(new URL('./STATS.md', import.meta.url), report(ordered, seconds, findings.trim()));
}
