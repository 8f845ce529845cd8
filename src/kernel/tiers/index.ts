// Pure logic of service levels: plain JSON state, time as an argument, chance as a number in [0, 1).
export * from './dearness.ts';
export * from './demotion.ts';
export * from './exercise.ts';
export * from './failover.ts';
export * from './levels.ts';
export * from './mix.ts';
export * from './parity.ts';
export * from './proof.ts';
export * from './readiness.ts';
