import { systemClock } from '#kernel';
import { compose } from './compose.ts';
import { createLifecycle } from './lifecycle.ts';
import type { Running, StartOptions } from './start-options.ts';

/** Starts the whole product in this process. @throws StartError with a remedy; nothing is left running then. */
export async function start(options: StartOptions): Promise<Running> {
  const clock = options.clock ?? systemClock();
  const lifecycle = createLifecycle(options.log);
  try {
    return await compose({ ...options, clock, lifecycle });
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}
