import { systemClock } from '#kernel';
import { type Bill, createSimulator, loadWorld } from '#simulator';

/** A provider of both dialects on a port of its own. */
export interface SimulatorAt {
  readonly url: string;
  /** What it would charge, as it tells whoever asks it. */
  bill(): Promise<Bill>;
  /** Calls it answered with an error status, limits included. */
  refused(): number;
  /** Calls asked so far, of every model. */
  calls(): number;
  stop(): void;
}

/** `world`: a world file, YAML. */
export function simulatorAt(seed = 1, world = ''): SimulatorAt {
  const simulator = createSimulator({ clock: systemClock(), seed, world: loadWorld(world) });
  const { url, stop } = simulator.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    bill: async () => (await (await fetch(`${url}/sim/bill`)).json()) as Bill,
    calls: () => simulator.ledger().total.requests,
    refused: () => simulator.ledger().total.refused,
    stop,
  };
}
