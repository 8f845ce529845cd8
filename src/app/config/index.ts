export { DEFAULT_FILE, type LoadedConfig, loadConfig } from './load.ts';
export { kindOf, parseConfig } from './parse.ts';
export { ConfigError, type ConfigProblem, formatProblem } from './problems.ts';
