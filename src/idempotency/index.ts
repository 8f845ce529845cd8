export {
  createIdempotency,
  type Idempotency,
  type IdempotencyPorts,
  type IdempotencySettings,
  type IdempotencyStats,
} from './idempotency.ts';
export { createSharedAnswers } from './redis/shared.ts';
