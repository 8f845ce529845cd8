import { systemClock } from '#kernel';
import { compose } from './compose.ts';
import { createLifecycle } from './lifecycle.ts';
import type { Running, StartOptions } from './start-options.ts';

/** It was asked to end before it had started, and has, in good order. */
export class StartEnded extends Error {
  override readonly name = 'StartEnded';
}

/** Starts the whole product in this process. @throws StartError with a remedy, or StartEnded; nothing is left running then. */
export async function start(options: StartOptions): Promise<Running> {
  const clock = options.clock ?? systemClock();
  const lifecycle = createLifecycle(options.log);
  const ended = options.ended?.then(() => {
    throw new StartEnded('asked to end while it started');
  });
  const starting = compose({ ...options, clock, lifecycle });
  // Whichever comes second has nobody left to tell: what is stopped under a start makes it fail.
  for (const late of [ended, starting]) late?.catch(() => undefined);
  try {
    return await (ended ? Promise.race([starting, ended]) : starting);
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}
