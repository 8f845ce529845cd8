import type { Clock, Config, Log, Steerer, Store } from '#contracts';
import { createFreezes, type FreezeService } from '#freeze';
import { type Active, activate } from './active.ts';
import type { LoadedConfig } from './config/index.ts';
import { readIfThere, writeWhole } from './data-folder.ts';
import { createReload, differences, type Reloaded } from './reload.ts';
import type { RoutesAt } from './routes.ts';

export interface InForceOptions {
  readonly loaded: LoadedConfig;
  readonly reread: (() => LoadedConfig) | undefined;
  readonly here: Omit<RoutesAt, 'frozen'>;
  readonly store: Store['freezes'];
  /** File in which frozen routes outlive a restart without the database. */
  readonly snapshot: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Another configuration is in force from now on. */
  readonly changed: (config: Config) => void;
}

/** What the file says, and what of it is in force: routes that are frozen stay as they are. */
export interface InForce {
  /** Replaced as a whole by a reload, and when a route is frozen or thawed. */
  active(): Active;
  readonly freezes: FreezeService;
  /** Steers nothing, and hears the end of every exchange, whichever thread served it. */
  readonly hears: Steerer;
  /** Reads the configuration again; streams that run go on as they began. */
  reload(): Reloaded;
}

export function createInForce(given: InForceOptions): InForce {
  const { loaded, here, clock, log } = given;
  /** As the file says it. */
  let configured = loaded;
  /** A newer file was refused for a frozen route. */
  let refused = false;
  const freezes = createFreezes({
    store: given.store,
    clock,
    log,
    snapshot: {
      read: () => readIfThere(given.snapshot),
      write: (text) => writeWhole(given.snapshot, text),
    },
    configured: () => configured.config,
    changed() {
      put(configured);
      // Nobody saves a file again because a route was thawed.
      if (refused) reload();
    },
    differences,
  });
  const effective = (file: LoadedConfig): Active =>
    activate({ ...file, config: freezes.pin(file.config) }, { ...here, frozen: freezes.pins });
  let active = effective(loaded);
  const put = (next: LoadedConfig) => {
    active = effective(next);
    configured = next;
    given.changed(active.loaded.config);
  };
  const reload = createReload({
    read: given.reread ?? (() => loaded),
    current: () => configured,
    refusals(before, next) {
      const why = freezes.refusals(before, next);
      refused = why.length > 0;
      return why;
    },
    apply: put,
    log,
  });
  const hears: Steerer = {
    minds: () => false,
    hears: () => true,
    steer: () => undefined,
    ended: freezes.ended,
  };
  return { active: () => active, freezes, hears, reload };
}
