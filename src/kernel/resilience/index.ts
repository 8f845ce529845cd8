// The door of the resilience mechanisms: pure steps over plain JSON state; time and chance come in as arguments.
export * from './backoff.ts';
export * from './contention.ts';
export * from './decaying-sketch.ts';
export * from './effort.ts';
export { SIZES, sizeClass } from './health/baseline.ts';
export { CIRCUIT, type CircuitRule, type CircuitState } from './health/circuit.ts';
export { GRADE, type Grade, type GradeRule } from './health/grade.ts';
export * from './health/health.ts';
export * from './health/news.ts';
export * from './health/signal.ts';
export * from './health/spread.ts';
export * from './hedge.ts';
export * from './hour-label.ts';
export {
  type Calm,
  HOURS,
  type Hours,
  type HoursCellReading,
  type HoursRule,
  type HoursState,
  hours,
} from './hours.ts';
export * from './limiter.ts';
export * from './park.ts';
export * from './quota-headers.ts';
export { type RegimeReading, type RegimeState, regimeCause } from './regime.ts';
export { LONGEST_WAIT, readRetryAfter, saysWhen } from './retry-after.ts';
export * from './share-budget.ts';
export * from './shared-queue.ts';
export * from './tail.ts';
