import type { Clock, Config, Recorder, ReplicasState, Store, SystemView, ThreadView } from '#contracts';
import type { Gateway } from '#gateway';
import { PRICE_LIST } from '#providers';
import type { DataFolder } from './data-folder.ts';
import { plus, type ThreadReport } from './threads/report.ts';
import { VERSION } from './version.ts';

export interface SystemSources {
  readonly startedAt: number;
  readonly clock: Clock;
  readonly folder: DataFolder;
  readonly configFile: string | undefined;
  readonly url: () => string;
  readonly config: () => Config;
  readonly gateway: Pick<Gateway, 'stats'>;
  readonly recorder: Pick<Recorder, 'stats'>;
  readonly threads: { totals(): readonly ThreadReport[]; view(): readonly ThreadView[] };
  /** Undefined where nothing is shared. */
  readonly replicas: () => ReplicasState | undefined;
  readonly store: Pick<Store, 'upkeep'>;
  /** The database is not our own. */
  readonly external: boolean;
  /** Told with every look whether the database answered, and what was wrong when it did not. */
  readonly troubled: (why: string | undefined) => void;
}

/** The state of the house on one page; answers without its database too. */
export function createSystemView(from: SystemSources): () => Promise<SystemView> {
  const { clock, folder, gateway, recorder, store } = from;
  return async () => {
    let trouble: string | undefined;
    const { dropped, ...described } = await store.upkeep.describe().catch((error: unknown) => {
      trouble = error instanceof Error ? error.message : String(error);
      return { dropped: undefined };
    });
    from.troubled(trouble);
    const replicas = from.replicas();
    const threads = from.threads.view();
    const sums = sumOf({ gateway, recorder, totals: from.threads.totals() });
    const { rss, heapUsed } = process.memoryUsage();
    const { exchanges, bodies: bodyMs, rollups, disk } = from.config().retention;
    const used = 'bytes' in described ? described.bytes : undefined;
    return {
      version: VERSION,
      bun: Bun.version,
      platform: `${process.platform}-${process.arch}`,
      startedAt: from.startedAt,
      now: clock.now(),
      listen: from.url(),
      dataDir: folder.path,
      ...(from.configFile !== undefined && { configFile: from.configFile }),
      memory: { rss, heapUsed },
      ...sums,
      ...(threads.length > 0 && { threads }),
      ...(replicas && { replicas }),
      database: {
        kind: from.external ? 'external' : 'embedded',
        state: trouble === undefined ? 'up' : 'down',
        ...(trouble !== undefined && { trouble }),
        ...described,
      },
      retention: {
        exchangesMs: exchanges,
        bodiesMs: bodyMs,
        rollupsMs: rollups,
        diskBytes: disk,
        ...(used !== undefined && { usedBytes: used }),
        ...(dropped && { dropped }),
      },
      disk: folder.free(),
      prices: { version: PRICE_LIST },
    };
  };
}

/** What all threads together have done and have under way. */
export function sumOf(given: {
  readonly gateway: Pick<Gateway, 'stats'>;
  readonly recorder: Pick<Recorder, 'stats'>;
  readonly totals: readonly ThreadReport[];
}) {
  let sums = { gateway: given.gateway.stats(), spool: given.recorder.stats() };
  for (const one of given.totals) sums = plus(sums, one);
  return sums;
}
