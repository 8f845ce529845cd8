import { resolve } from 'node:path';
import type { Clock, Log } from '#contracts';
import { createSimulator, loadWorld, WorldError } from '#simulator';
import { readWorld } from './simulator.ts';
import { StartError } from './start-error.ts';

export interface SimulateOptions {
  /** World file, YAML. */
  readonly world?: string;
  readonly cwd: string;
  readonly host: string;
  readonly port: number;
  readonly seed?: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Simulating {
  readonly url: string;
  /** What was asked, answered and billed so far. */
  totals(): { readonly requests: number; readonly completions: number; readonly microUsd: number };
  stop(): Promise<void>;
}

/** The simulator alone, for whoever wants a provider that needs no account. @throws StartError with a remedy. */
export function simulate(options: SimulateOptions): Simulating {
  const { host, port, clock, log, seed } = options;
  const world = options.world === undefined ? undefined : worldAt(resolve(options.cwd, options.world));
  const simulator = createSimulator({
    clock,
    log,
    ...(seed !== undefined && { seed }),
    ...(world && { world }),
  });
  try {
    const listening = simulator.listen({ host, port });
    return {
      url: `http://${host.includes(':') ? `[${host}]` : host}:${listening.port}`,
      totals: () => simulator.ledger().total,
      stop: async () => {
        await listening.stop();
      },
    };
  } catch (error) {
    throw new StartError(
      `The simulator cannot listen on ${host}:${port} (${(error as { code?: string }).code ?? String(error)}).`,
      `Stop what holds the port, or choose another: \`midwatch sim --port ${port + 10}\`; 0 takes any free one.`,
    );
  }
}

function worldAt(path: string) {
  try {
    return loadWorld(readWorld(path));
  } catch (error) {
    if (!(error instanceof WorldError)) throw error;
    throw new StartError(
      `The world file ${path} cannot be used: ${error.message}`,
      'Mend the lines named above; unknown keys are refused so that no fault is silently left out.',
    );
  }
}
