import { hostname } from 'node:os';
import type { Clock, Config, Lane, LedgerEvent, LedgerSnapshot, Log, QuotaConfig } from '#contracts';
import type { LedgerPorts } from '#gateway';
import {
  answerEstimate,
  createLedger,
  createRedisAuthority,
  type Ledger,
  type LedgerSettings,
  pattern,
  type QuotaForecast,
  type SimulatedCall,
  simulateQuotas,
} from '#ledger';
import { recall, remember } from './remembered.ts';

/** Quotas and budgets of this process, for the gateway and for whoever shows them. */
export interface OpenLedger
  extends Omit<LedgerPorts, 'budgets' | 'quotas'>,
    Pick<Ledger, 'budgets' | 'quotas'> {
  /** What was spent stays spent; limits change at once. */
  reload(config: Config): void;
  stop(): Promise<void>;
}

/** What was spent in so long may be forgotten by a crash, milliseconds. */
const SAVE = 1_000;
const SWEEP = 1_000;

const settingsOf = (config: Config): LedgerSettings => ({
  budgets: config.budgets,
  quotas: quotaTable(config),
  lanes: config.lanes,
});

const quotaTable = (config: Config): Readonly<Record<string, readonly QuotaConfig[]>> =>
  Object.fromEntries(
    Object.entries(config.providers).flatMap(([name, { quota }]) => (quota ? [[name, quota]] : [])),
  );

/** `file`: where a restart finds what was spent; absent where nothing outlives the process. */
export function openLedger(config: Config, file: string | undefined, clock: Clock, log: Log): OpenLedger {
  const snapshot = file === undefined ? undefined : recall<LedgerSnapshot>(file, log);
  const { redis } = config;
  const ledger = createLedger({
    clock,
    settings: settingsOf(config),
    ...(snapshot && { snapshot }),
    ...(redis !== undefined && {
      shared: { authority: createRedisAuthority({ url: redis }), replica: `${hostname()}-${process.pid}` },
    }),
    onEvent: (event) => log(levelOf(event), `ledger.${event.type}`, { ...event }),
  });
  const remembered =
    file === undefined ? undefined : remember(file, () => ledger.snapshot(), SAVE, clock, log);
  const sweeping = clock.every(SWEEP, () => ledger.sweep());
  return {
    budgets: ledger.budgets,
    quotas: ledger.quotas,
    answers: answerEstimate(),
    reload: (next) => ledger.reload(settingsOf(next)),
    async stop() {
      sweeping();
      await remembered?.stop();
      await ledger.close();
    },
  };
}

/** A call of which it is known under which names its model goes: the provider's first. */
export interface LoadCall extends Omit<SimulatedCall, 'model'> {
  readonly models: readonly string[];
}

/** What the quotas of a configuration would do to a load, with nothing used before. */
export function simulateLoad(
  config: Config,
  load: readonly LoadCall[],
  patience: Readonly<Record<Lane, number>>,
): Promise<QuotaForecast> {
  const table = quotaTable(config);
  const fits = Object.fromEntries(
    Object.entries(table).map(([provider, quotas]) => [
      provider,
      quotas.map(({ models }) => pattern(models)),
    ]),
  );
  const calls = load.map(({ models, ...call }) => ({
    ...call,
    model: models.find((name) => fits[call.provider]?.some((fit) => fit(name))) ?? models[0] ?? '',
  }));
  return simulateQuotas({ table, lanes: config.lanes, calls, patience });
}

/** Does this configuration limit anything? Without it the gateway asks no ledger at all. */
export const limits = (config: Config): boolean =>
  Object.keys(config.budgets).length > 0 || Object.keys(quotaTable(config)).length > 0;

function levelOf({ type }: LedgerEvent): 'info' | 'warn' | 'error' {
  switch (type) {
    case 'budget_hard':
    case 'budget_over':
    case 'unpriced':
    case 'away':
      return 'error';
    case 'budget_soft':
      return 'warn';
    default:
      return 'info';
  }
}
