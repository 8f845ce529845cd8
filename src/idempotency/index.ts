export {
  createIdempotency,
  type Idempotency,
  type IdempotencyPorts,
  type IdempotencySettings,
  type IdempotencyStats,
} from './idempotency.ts';
