import type { Metric } from './metric.ts';

/** What is counted of exchanges as they end. */

const twice = (first: number, n: number, factor: number): readonly number[] =>
  Array.from({ length: n }, (_, i) => Number((first * factor ** i).toPrecision(12)));

/** OpenTelemetry's advice for durations: 10 ms to 82 s. */
const SECONDS = twice(0.01, 14, 2);
/** And for tokens: 1 to 67 million. */
const TOKENS = twice(1, 14, 4);
const FIRST_TOKEN = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const OWN = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

/** As OpenTelemetry's attributes become labels. */
const CALL = ['route', 'gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model'] as const;

export const EXCHANGES: Metric = {
  name: 'midwatch_exchanges_total',
  type: 'counter',
  help: 'Exchanges that ended, by how: as many as records were made. source tells traffic (gateway, job, exercise) from what Midwatch asks for itself (probe, drill, shadow); failure is why one that failed did.',
  labels: ['route', 'source', 'outcome', 'failure'],
};
export const DEMOTIONS: Metric = {
  name: 'midwatch_demotions_total',
  type: 'counter',
  help: 'Exchanges served by another tier than was meant, by who sent them there (by) and for what reason.',
  labels: ['route', 'intended', 'served', 'by', 'reason'],
};
export const OVERHEAD: Metric = {
  name: 'midwatch_overhead_seconds',
  type: 'histogram',
  help: 'Time that exchanges of callers spent in Midwatch itself: neither waiting for a provider nor for the caller.',
  labels: ['route'],
  buckets: OWN,
};
export const SERVED: Metric = {
  name: 'gen_ai_server_request_duration_seconds',
  type: 'histogram',
  help: 'Exchanges of callers from ask to end, as the caller sees it, under provider and model that served.',
  labels: [...CALL, 'outcome'],
  buckets: SECONDS,
};
export const FIRST: Metric = {
  name: 'gen_ai_server_time_to_first_token_seconds',
  type: 'histogram',
  help: 'Streams of callers from ask to first real output, as the caller sees it.',
  labels: CALL,
  buckets: FIRST_TOKEN,
};
export const ATTEMPTS: Metric = {
  name: 'midwatch_attempts_total',
  type: 'counter',
  help: 'Calls to providers, by why they were made (first, retry, reroute, fallback, hedge, takeover) and what they failed of.',
  labels: ['route', 'gen_ai_provider_name', 'cause', 'failure'],
};
export const CALLED: Metric = {
  name: 'gen_ai_client_operation_duration_seconds',
  type: 'histogram',
  help: 'Calls of Midwatch to providers, each try for itself, from its start to its end.',
  labels: [...CALL, 'outcome', 'error_type'],
  buckets: SECONDS,
};
export const FIRST_CHUNK: Metric = {
  name: 'gen_ai_client_operation_time_to_first_chunk_seconds',
  type: 'histogram',
  help: 'Streams of providers from the start of the try to its first real output.',
  labels: CALL,
  buckets: SECONDS,
};
export const TOKENS_USED: Metric = {
  name: 'gen_ai_client_token_usage',
  type: 'histogram',
  help: 'Tokens of each call that used any, billed ones: input with what was read from or written to a cache, output with reasoning.',
  labels: [...CALL, 'gen_ai_token_type'],
  buckets: TOKENS,
};
export const COST: Metric = {
  name: 'midwatch_cost_usd_total',
  type: 'counter',
  help: 'What calls cost, US dollars, as the records say.',
  labels: CALL,
};
export const UNPRICED: Metric = {
  name: 'midwatch_unpriced_calls_total',
  type: 'counter',
  help: 'Calls that used something for which no price is known; the cost above lacks them.',
  labels: CALL,
};

export const COUNTED: readonly Metric[] = [
  EXCHANGES,
  DEMOTIONS,
  OVERHEAD,
  SERVED,
  FIRST,
  ATTEMPTS,
  CALLED,
  FIRST_CHUNK,
  TOKENS_USED,
  COST,
  UNPRICED,
];
