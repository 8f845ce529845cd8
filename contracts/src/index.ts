export * from './accounts.ts';
export * from './acts.ts';
export * from './api.ts';
export * from './ask.ts';
export * from './authority.ts';
export * from './budgets.ts';
export * from './cassettes.ts';
export * from './clock.ts';
export * from './config.ts';
export * from './evidence.ts';
export * from './exchange.ts';
export * from './failure.ts';
export * from './fallbacks.ts';
export * from './family.ts';
export * from './freeze.ts';
export * from './hours.ts';
export * from './ids.ts';
export * from './lanes.ts';
export * from './ledger-events.ts';
export * from './mix.ts';
export * from './outcome.ts';
export * from './ports.ts';
export * from './protocol.ts';
export * from './provider.ts';
export * from './quotas.ts';
export * from './ramp.ts';
export * from './release.ts';
export {
  type RouteConfig,
  routeSchema,
  type TargetConfig,
  type TierConfig,
  type Timeouts,
  targetSchema,
  tierSchema,
  timeoutsSchema,
} from './route-config.ts';
export * from './router.ts';
export * from './runs.ts';
export * from './shadow.ts';
export * from './sharing.ts';
export * from './steer.ts';
export * from './store.ts';
export * from './takeover.ts';
export * from './traffic.ts';
export * from './translate.ts';
export * from './units.ts';
export * from './waste.ts';
export * from './weather.ts';
export * from './wire.ts';
