export {
  ConfigError,
  DEFAULT_FILE,
  formatProblem,
  type LoadedConfig,
  loadConfig,
  nearest,
  parseConfig,
} from './config/index.ts';
export { type Assets, buildConsole } from './console-assets.ts';
export { createLog } from './log.ts';
export { buildRoutes, describeRoutes } from './routes.ts';
export { type Running, type StartOptions, start } from './start.ts';
export { StartError } from './start-error.ts';
export { VERSION } from './version.ts';
