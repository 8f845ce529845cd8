import type { ExchangeFacts, KeyRecord, Log, ShadowPair } from '#contracts';
import type { Gateway } from '#gateway';
import type { Counted } from '#metrics';
import type { LoadedConfig } from '../config/index.ts';
import type { FrozenVersions } from '../routes.ts';
import type { Target } from '../targets.ts';
import type { CarriedBack, CarriedThere } from './carry.ts';
import type { LedgerAsked, LedgerTold } from './ledger.ts';
import type { ThreadNews } from './news.ts';
import type { ThreadReport } from './report.ts';
import type { Minded, SteerAsked, SteerTold } from './steer.ts';

/** What a thread is told when it begins. Structured clones: plain data only. */
export interface ThreadGiven {
  readonly thread: { readonly number: number; readonly of: number };
  /** Houses that share the callers, this one included. */
  readonly houses: number;
  readonly host: string;
  readonly port: number;
  readonly spool: string;
  readonly simulator?: number;
  /** What the first thread knows by now. */
  readonly learnt: Learnt;
  readonly settings: ThreadSettings;
  readonly keys: ThreadKeys;
}

type Learnt = {
  readonly [K in 'standing' | 'proofs' | 'climate' | 'seats']: ReturnType<Gateway[K]['snapshot']>;
};

/** Replaced as a whole by a reload. */
export interface ThreadSettings {
  readonly loaded: LoadedConfig;
  /** Keys of providers that stand in files, by provider: what the first thread has read, so that all threads have the same. */
  readonly keyFiles: Readonly<Record<string, string>>;
  readonly frozen: FrozenVersions;
  /** Anything is limited, so the ledger has to be asked. */
  readonly limits: boolean;
}

export interface ThreadKeys {
  readonly empty: boolean;
  readonly known: boolean;
  readonly records: readonly KeyRecord[];
}

export type ToThread =
  | { readonly say: 'begin'; readonly given: ThreadGiven }
  | { readonly say: 'settings'; readonly settings: ThreadSettings }
  | { readonly say: 'keys'; readonly keys: ThreadKeys }
  | { readonly say: 'minded'; readonly minded: Minded }
  /** Somebody watches exchanges as they end, or nobody does any more. */
  | { readonly say: 'watched'; readonly watched: boolean }
  | { readonly say: 'news'; readonly news: ThreadNews }
  | { readonly say: 'carried'; readonly back: CarriedBack }
  | { readonly say: 'ledger'; readonly told: LedgerTold }
  | { readonly say: 'turn'; readonly told: SteerTold }
  | { readonly say: 'drain'; readonly ms: number }
  | { readonly say: 'stop' };

export type FromThread =
  | { readonly say: 'serving' }
  | { readonly say: 'report'; readonly report: ThreadReport }
  /** Exchanges that ended since it said so last. */
  | { readonly say: 'counted'; readonly counted: Counted }
  | { readonly say: 'news'; readonly news: ThreadNews }
  /** Those that it has asked. */
  | { readonly say: 'targets'; readonly targets: readonly Target[] }
  /** A copy that a router wanted was answered. */
  | { readonly say: 'paired'; readonly pair: ShadowPair }
  | { readonly say: 'exchange'; readonly facts: ExchangeFacts }
  /** Hashes of keys that came in lately. */
  | { readonly say: 'used'; readonly hashes: readonly string[] }
  | { readonly say: 'carried'; readonly there: CarriedThere }
  | { readonly say: 'ledger'; readonly asked: LedgerAsked }
  | { readonly say: 'steer'; readonly asked: SteerAsked }
  | { readonly say: 'ended'; readonly ended: readonly ExchangeFacts[] }
  | {
      readonly say: 'log';
      readonly level: Parameters<Log>[0];
      readonly event: string;
      readonly data?: Readonly<Record<string, unknown>>;
    }
  | { readonly say: 'drained' }
  | { readonly say: 'stopped' };
