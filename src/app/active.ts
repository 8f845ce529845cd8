import type { Config, Pricer, RouteTable } from '#contracts';
import { createPricer, findProvider } from '#providers';
import { kindOf, type LoadedConfig } from './config/index.ts';
import { buildRoutes, type RoutesAt } from './routes.ts';

/** What a configuration becomes when it is put in force. */
export interface Active {
  readonly loaded: LoadedConfig;
  readonly table: RouteTable;
  readonly pricer: Pricer;
}

export const activate = (loaded: LoadedConfig, at: RoutesAt): Active => ({
  loaded,
  table: buildRoutes(loaded.config, at),
  pricer: pricerOf(loaded.config),
});

export const pricerOf = (config: Config): Pricer => createPricer(priceOverrides(config));

export const usesSimulator = (config: Config): boolean =>
  Object.entries(config.providers).some(
    ([name, settings]) => kindOf(name, settings)?.name === 'simulator' && settings.baseUrl === undefined,
  );

function priceOverrides(config: Config) {
  return Object.fromEntries(
    Object.entries(config.providers).map(([name, settings]) => {
      const priceId = kindOf(name, settings)?.priceId ?? findProvider(name)?.priceId;
      return [
        name,
        {
          // Nobody bills for what Midwatch makes up, unless it is to be rehearsed what that would cost.
          free: settings.free || (kindOf(name, settings)?.name === 'simulator' && !settings.prices),
          ...(priceId && { priceId }),
          ...(settings.prices && { prices: settings.prices }),
        },
      ];
    }),
  );
}
