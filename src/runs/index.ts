export type { Deferrable, Deferral, Pass, RunPorts, RunSettings } from './ports.ts';
export { createRuns, type Runs } from './runs.ts';
export { sign } from './webhook.ts';
