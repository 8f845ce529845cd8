import { join } from 'node:path';
import type { FromLoad, Job, ResultOf } from '../load/jobs.ts';
import { undoLater } from './cleanup.ts';
import { OTHER_CORE, on } from './cores.ts';

export interface Generator {
  /** Runs one job; `watch` is told when its measured window begins and ends. */
  run<J extends Job>(job: J, watch?: (phase: 'begin' | 'end') => void): Promise<ResultOf[J['kind']]>;
  stop(): Promise<void>;
}

export async function startGenerator(): Promise<Generator> {
  let heard: (message: FromLoad) => void = () => undefined;
  const ready = Promise.withResolvers<void>();
  heard = (message) => {
    if (message.say === 'ready') ready.resolve();
  };
  const child = Bun.spawn(on(OTHER_CORE, [process.execPath, join(import.meta.dir, '..', 'load.ts')]), {
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
    ipc: (message) => heard(message as FromLoad),
    onExit: () => heard({ say: 'failed', why: 'the load generator died' }),
  });
  const stop = undoLater(async () => {
    heard = () => undefined;
    child.kill();
    await child.exited;
  });
  await ready.promise;
  return {
    run: (job, watch) =>
      new Promise((resolve, reject) => {
        heard = (message) => {
          if (message.say === 'phase') watch?.(message.phase);
          // The process answers with the result of the very job it was given.
          else if (message.say === 'done') resolve(message.result as never);
          else if (message.say === 'failed') reject(new Error(message.why));
        };
        child.send(job);
      }),
    stop,
  };
}
