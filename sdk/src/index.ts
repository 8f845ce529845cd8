export { MidwatchError } from './error.ts';
export type { CallOptions, MidwatchOptions } from './http.ts';
export type { LiveEvent } from './live.ts';
export {
  type ChangeQuery,
  createMidwatch,
  type Midwatch,
} from './midwatch.ts';
