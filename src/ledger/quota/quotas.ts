import type {
  Clock,
  LanesConfig,
  LedgerListener,
  LedgerStore,
  LimitReading,
  QuotaAsk,
  QuotaAxis,
  QuotaConfig,
  QuotaDecision,
  QuotaReading,
} from '#contracts';
import { pattern } from '../pattern.ts';
import { createScope, type Scope } from './scope.ts';

/** Which credential and model; what a scope is found by. */
export type QuotaKey = Pick<QuotaAsk, 'provider' | 'credential' | 'model'>;
/** By name under `providers`. */
export type QuotaTable = Readonly<Record<string, readonly QuotaConfig[]>>;

export interface Quotas {
  /** At once when there is enough, or when it cannot be in time; a promise for who waits in line. Undefined: nothing limits this call. */
  reserve(ask: QuotaAsk): QuotaDecision | Promise<QuotaDecision> | undefined;
  observe(key: QuotaKey, readings: readonly LimitReading[]): void;
  /** The provider answered 429 all the same. */
  refused(key: QuotaKey, retryAfterMs: number, axis?: QuotaAxis): void;
  reading(key: QuotaKey): QuotaReading | undefined;
  readings(): readonly QuotaReading[];
  reload(table: QuotaTable, lanes: LanesConfig): void;
}

/** Callers choose model names; past this many combinations the look-up starts again, and the store still knows every account. */
const MOST_KNOWN = 10_000;

export function createQuotas(options: {
  readonly store: LedgerStore;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly table: QuotaTable;
  readonly lanes: LanesConfig;
  readonly onEvent?: LedgerListener;
}): Quotas {
  const { store, clock, onEvent } = options;
  let { lanes } = options;
  let table = compile(options.table);
  const scopes = new Map<string, Scope>();
  /** Saves matching patterns on every call. */
  const known = new Map<string, Scope | undefined>();

  function open({ provider, credential, model }: QuotaKey): Scope | undefined {
    const found = table.get(provider)?.find(({ fits }) => fits(model));
    if (!found) return undefined;
    const { config } = found;
    // An entry without any limit says that what it matches is free.
    if (!limiting(config)) return undefined;
    const name = `${provider} ${credential} ${config.perModel ? model : config.models}`;
    const scope =
      scopes.get(name) ?? createScope({ name, store, clock, config, lanes: () => lanes, onEvent });
    scopes.set(name, scope);
    return scope;
  }

  function scopeOf(key: QuotaKey): Scope | undefined {
    const id = `${key.provider} ${key.credential} ${key.model}`;
    const scope = known.get(id);
    if (scope || known.has(id)) return scope;
    if (known.size >= MOST_KNOWN) known.clear();
    const opened = open(key);
    known.set(id, opened);
    return opened;
  }

  return {
    reserve: (ask) => scopeOf(ask)?.reserve(ask),
    observe: (key, readings) => scopeOf(key)?.observe(readings),
    refused: (key, retryAfterMs, axis) => scopeOf(key)?.refused(retryAfterMs, axis),
    reading: (key) => scopeOf(key)?.reading(),
    readings: () => [...scopes.values()].map((scope) => scope.reading()),
    reload(next, nextLanes) {
      lanes = nextLanes;
      table = compile(next);
      known.clear();
      for (const [name, scope] of scopes) {
        const [provider, , models] = name.split(' ') as [string, string, string];
        const config = table
          .get(provider)
          ?.find((q) => q.config.models === models || (q.config.perModel && q.fits(models)))?.config;
        // Who still waits there is served by the old limits; newcomers no longer find it.
        if (config && limiting(config)) scope.configure(config);
        else scopes.delete(name);
      }
    },
  };
}

const compile = (table: QuotaTable) =>
  new Map(
    Object.entries(table).map(([provider, quotas]) => [
      provider,
      quotas.map((config) => ({ config, fits: pattern(config.models) })),
    ]),
  );

const limiting = (q: QuotaConfig): boolean =>
  [
    q.requestsPerMinute,
    q.tokensInPerMinute,
    q.tokensOutPerMinute,
    q.tokensPerMinute,
    q.requestsPerDay,
    q.tokensPerDay,
  ].some((limit) => limit !== undefined);
