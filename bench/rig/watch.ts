import type { Job, ResultOf } from '../load/jobs.ts';
import type { Contender } from './contenders.ts';
import type { Generator } from './generator.ts';
import { type Cpu, cpuOf, rssOf } from './proc.ts';

const LOOK_MS = 200;

export interface Watched<R> {
  readonly result: R;
  /** Processor seconds within the measured window, and its length; absent for direct. */
  readonly cpu?: Cpu & { readonly seconds: number };
  /** Largest resident memory seen, megabytes. */
  readonly peakRss?: number;
}

/** Runs a job and watches what it costs the contender. */
export async function watched<J extends Job>(
  generator: Generator,
  { pid }: Contender,
  job: J,
): Promise<Watched<ResultOf[J['kind']]>> {
  if (pid === undefined) return { result: await generator.run(job) };
  let begin = { at: 0, cpu: { all: 0, main: 0 } };
  let cpu: Watched<unknown>['cpu'];
  let peakRss = rssOf(pid);
  const look = setInterval(() => {
    peakRss = Math.max(peakRss, rssOf(pid));
  }, LOOK_MS);
  try {
    const result = await generator.run(job, (phase) => {
      const now = { at: performance.now(), cpu: cpuOf(pid) };
      if (phase === 'begin') begin = now;
      else
        cpu = {
          all: now.cpu.all - begin.cpu.all,
          main: now.cpu.main - begin.cpu.main,
          seconds: (now.at - begin.at) / 1_000,
        };
    });
    return { result, ...(cpu && { cpu }), peakRss };
  } finally {
    clearInterval(look);
  }
}
