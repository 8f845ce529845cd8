import { systemClock } from '#kernel';
import { createSimulator } from '#simulator';

/** A provider of both dialects on a port of its own. */
export interface SimulatorAt {
  readonly url: string;
  stop(): void;
}

export function simulatorAt(seed = 1): SimulatorAt {
  const { url, stop } = createSimulator({ clock: systemClock(), seed }).listen({
    host: '127.0.0.1',
    port: 0,
  });
  return { url, stop };
}
