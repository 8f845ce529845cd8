import { join } from 'node:path';
import type {
  Act,
  Clock,
  Config,
  Evidence,
  FrozenRoutes,
  Log,
  Redactor,
  SayAct,
  Shadower,
  Steerer,
  TellEvidence,
  Transport,
} from '#contracts';
import { lastWords } from '#protocols';
import { createRamps, type Ramps, type RampsSnapshot } from '#ramps';
import { createRouters, type Routers, type RoutersSnapshot } from '#routers';
import type { Tiers } from '#tiers';
import { createClassify } from './classify.ts';
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
  readonly routers: Routers;
  /** A new configuration is in force. */
  reload(config: Config): void;
  /** What was decided on another gateway. */
  heed(act: Act): void;
  /** What another gateway has seen. */
  hear(evidence: Evidence): void;
  /** All that another gateway knows, for one that has just begun. */
  state(): SteeringState;
  adopt(state: SteeringState): void;
}

export interface SteeringState {
  readonly ramps: RampsSnapshot;
  readonly routers: RoutersSnapshot;
}

export interface SteeringOptions {
  readonly config: Config;
  /** Where its memory outlives a restart. */
  readonly folder: string;
  /** What classifiers are asked through, and what masks what they are told. */
  readonly transport: Transport;
  readonly redactor: Redactor;
  readonly clock: Clock;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  readonly tiers: TierRecordPorts;
  /** Tells other gateways what was decided here. */
  readonly say: SayAct;
  /** Tells them what was seen here; absent without Redis. */
  readonly tell?: TellEvidence;
  /** Nothing may move these routes by itself. */
  readonly frozen: FrozenRoutes['frozen'];
}

/** Of what a crash may lose ten seconds: evidence, which comes again. */
const SAVE = 10_000;

export function openSteering(options: SteeringOptions): Steering {
  const { config, folder, transport, redactor, clock, log, lifecycle, frozen, say, tell } = options;
  const { routes } = config;
  const tiers = openTiers(options);
  const rampsFile = join(folder, 'ramps.json');
  const rampsBefore = recall<RampsSnapshot>(rampsFile, log);
  const ramps = createRamps({
    clock,
    log,
    routes,
    frozen,
    say,
    ...(tell && { tell }),
    ...(rampsBefore && { saved: rampsBefore }),
  });
  lifecycle.onStop('ramps', remember(rampsFile, ramps.snapshot, SAVE, clock, log).stop);

  const routersFile = join(folder, 'routers.json');
  const routersBefore = recall<RoutersSnapshot>(routersFile, log);
  const routers = createRouters({
    clock,
    log,
    routes,
    lastWords,
    classify: createClassify(transport, redactor, clock),
    ...(tell && { tell }),
    ...(routersBefore && { saved: routersBefore }),
  });
  lifecycle.onStop('routers', remember(routersFile, routers.snapshot, SAVE, clock, log).stop);

  return {
    steerers: [tiers.steerer, ramps.steerer, routers.steerer],
    shadowers: [routers.shadower],
    tiers,
    ramps,
    routers,
    reload(next) {
      tiers.reload(next);
      ramps.reload(next.routes);
      routers.reload(next.routes);
    },
    hear: (evidence) => (evidence.of === 'ramp' ? ramps.hear(evidence) : routers.hear(evidence)),
    state: () => ({ ramps: ramps.snapshot(), routers: routers.snapshot() }),
    adopt(state) {
      ramps.adopt(state.ramps);
      routers.adopt(state.routers);
    },
    heed: (act) => (act.of === 'ramp' ? ramps.heed(act) : tiers.heed(act)),
  };
}
