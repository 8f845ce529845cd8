import { join } from 'node:path';
import type { Clock, Config, Log, Shadower, Steerer } from '#contracts';
import { createRamps, type Ramps, type RampsSnapshot } from '#ramps';
import type { Tiers } from '#tiers';
import type { Lifecycle } from './lifecycle.ts';
import { recall, remember } from './remembered.ts';
import { openTiers, type TierRecordPorts } from './tiers.ts';

/** What may send an exchange to another tier before anybody is asked, in the order in which it is heard. */
export interface Steering {
  readonly steerers: readonly Steerer[];
  /** Who wants copies of some exchanges asked elsewhere, to compare. */
  readonly shadowers: readonly Shadower[];
  readonly tiers: Tiers;
  readonly ramps: Ramps;
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
  readonly tiers: TierRecordPorts;
}

/** Of what a crash may lose ten seconds: evidence, which comes again. */
const SAVE = 10_000;

export function openSteering(options: SteeringOptions): Steering {
  const { config, folder, clock, log, lifecycle } = options;
  const tiers = openTiers(options);
  const file = join(folder, 'ramps.json');
  const saved = recall<RampsSnapshot>(file, log);
  const ramps = createRamps({ clock, log, routes: config.routes, ...(saved && { saved }) });
  lifecycle.onStop('ramps', remember(file, ramps.snapshot, SAVE, clock, log).stop);
  return {
    steerers: [tiers.steerer, ramps.steerer],
    shadowers: [],
    tiers,
    ramps,
    reload(next) {
      tiers.reload(next);
      ramps.reload(next.routes);
    },
  };
}
