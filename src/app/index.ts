// For the reference page of the configuration, which the command line generates.

export { keepProofs, nodeCassetteFiles, proofsOf, readKept, roundOf, sayDrift } from '#cassettes';
export type { QuotaForecast, SimulatedFate } from '#ledger';
export { providers } from '#providers';
export { routersIn } from './books.ts';
export { type CassetteDesk, openCassettes, recordedHere, UNPRICED } from './cassettes.ts';
export { createClassify } from './classify.ts';
export {
  ConfigError,
  DEFAULT_FILE,
  formatProblem,
  kindOf,
  type LoadedConfig,
  loadConfig,
  parseConfig,
} from './config/index.ts';
export { type Assets, prepareConsole } from './console-assets.ts';
export { deferrals } from './defer.ts';
export { type LoadCall, limits, type OpenLedger, openLedger, simulateLoad } from './ledger.ts';
export { createLog } from './log.ts';
export { unprovenIn } from './proven.ts';
export { buildRoutes, describeRoutes } from './routes.ts';
export { type SimulateOptions, type Simulating, simulate } from './simulate.ts';
export { StartEnded, start } from './start.ts';
export { StartError } from './start-error.ts';
export type { Running, StartOptions } from './start-options.ts';
export { VERSION } from './version.ts';
