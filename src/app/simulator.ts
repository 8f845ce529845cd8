import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Clock, Config, Log } from '#contracts';
import { createSimulator, loadWorld } from '#simulator';
import { StartError } from './start-error.ts';

export interface StartedSimulator {
  readonly port: number;
  stop(): Promise<void>;
}

/** The simulator beside the gateway. Its port is nobody's promise, so where the usual one is taken any free one serves. */
export function startSimulator(config: Config, cwd: string, clock: Clock, log: Log): StartedSimulator {
  const { port, world: file } = config.simulator;
  const world = file === undefined ? undefined : loadWorld(readWorld(resolve(cwd, file)));
  const simulator = createSimulator({ clock, log, ...(world && { world }) });
  const host = '127.0.0.1';
  try {
    return bound(simulator.listen({ host, port }));
  } catch (error) {
    if (port === 0) throw error;
    const listening = simulator.listen({ host, port: 0 });
    log('warn', 'simulator port taken, using another', { wanted: port, port: listening.port });
    return bound(listening);
  }
}

const bound = (listening: { readonly port: number; stop(): unknown }): StartedSimulator => ({
  port: listening.port,
  stop: async () => {
    await listening.stop();
  },
});

export function readWorld(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new StartError(
      `The world file ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      'Check the path and its permissions.',
    );
  }
}
