import type { Clock, Config, Log, Shadower, Steerer } from '#contracts';
import type { Lifecycle } from './lifecycle.ts';

/** What may send an exchange to another tier before anybody is asked, in the order in which it is heard. */
export interface Steering {
  readonly steerers: readonly Steerer[];
  /** Who wants copies of some exchanges asked elsewhere, to compare. */
  readonly shadowers: readonly Shadower[];
  /** A new configuration is in force. */
  reload(config: Config): void;
}

export interface SteeringOptions {
  readonly config: Config;
  /** Where its memory outlives a restart. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
}

export function openSteering(_: SteeringOptions): Steering {
  return { steerers: [], shadowers: [], reload: () => undefined };
}
