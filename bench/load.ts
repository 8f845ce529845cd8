import { closed } from './load/closed.ts';
import type { FromLoad, Job } from './load/jobs.ts';
import { paced } from './load/paced.ts';
import { streams } from './load/streams.ts';

/** The load generator as a process of its own; takes one job after the other from its parent. */
const tell = (message: FromLoad) => process.send?.(message);
const phase = (p: 'begin' | 'end') => tell({ say: 'phase', phase: p });

function run(job: Job): Promise<unknown> {
  switch (job.kind) {
    case 'closed':
      return closed(job, phase);
    case 'paced':
      return paced(job, phase);
    case 'streams':
      return streams(job, phase);
  }
}

process.on('message', (job: Job) => {
  run(job).then(
    (result) => tell({ say: 'done', result }),
    (error: unknown) => tell({ say: 'failed', why: error instanceof Error ? error.message : String(error) }),
  );
});
// Whoever started it is gone: nobody would ever read the answer.
process.on('disconnect', () => process.exit(0));
tell({ say: 'ready' });
