// The door of the resilience mechanisms: pure steps over plain JSON state; time and chance come in as arguments.
export * from './backoff.ts';
export * from './deadline.ts';
export * from './park.ts';
export * from './quota-headers.ts';
export { LONGEST_WAIT, readRetryAfter } from './retry-after.ts';
export * from './share-budget.ts';
