import type { Clock, Log } from '#contracts';
import type { LoadedConfig } from './config/index.ts';
import type { Assets } from './console-assets.ts';
import type { Reloaded } from './reload.ts';

export interface StartOptions {
  readonly loaded: LoadedConfig;
  /** Reads the configuration anew, with the same flags over it. Absent: it cannot change. */
  readonly reread?: () => LoadedConfig;
  readonly cwd: string;
  /** Postgres URL of the environment, over the file's. */
  readonly databaseUrl?: string;
  readonly log: Log;
  /** Bundles or unpacks the console; called when it is first asked for. */
  readonly console: () => Promise<Assets>;
  /** Name of a first key to create when none exists, so that a listener beyond loopback can start. */
  readonly createKey?: string;
  /** Replace a lost admin token; the new one is in `Running.adminToken`. */
  readonly newAdminToken?: boolean;
  readonly clock?: Clock;
  /** Resolves when it is asked to end, which may be before it has started: the doors may be open long before the database answers. */
  readonly ended?: Promise<void>;
  /** Record or replay the calls to providers. */
  readonly cassettes?: {
    readonly mode: 'live' | 'record' | 'replay' | 'auto';
    readonly folder: string;
    readonly speed: 'instant' | 'recorded';
  };
}

export interface Running {
  readonly url: string;
  readonly port: number;
  /** The admin token, at the first start only, or at the next one where that could not show it. */
  readonly adminToken?: string;
  /** To be called when it has been shown. */
  told(): void;
  /** The key asked for by `createKey`, if it was made now. */
  readonly key?: string;
  readonly simulator?: { readonly port: number };
  readonly open: boolean;
  /** Why this runs without its database, if it does. */
  readonly degraded?: string;
  /** Reads the configuration again; streams that run go on as they began. */
  reload(): Reloaded;
  stop(): Promise<void>;
}
