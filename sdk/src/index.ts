export { type DeferredAxis, QuotaDeferred, quotaDeferred } from './deferred.ts';
export { MidwatchError } from './error.ts';
export type { FallbackOptions, FallbackProof, Way, WithFallback } from './fallback.ts';
export type { CallOptions, MidwatchOptions } from './http.ts';
export type { LiveEvent } from './live.ts';
export {
  type ChangeQuery,
  createMidwatch,
  type Midwatch,
} from './midwatch.ts';
export { type AskOptions, type SendOptions, wishes } from './send.ts';
