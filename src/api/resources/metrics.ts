import { endpoint } from '../http/endpoint.ts';

/** Also at `/metrics`, where a Prometheus looks for it. */
export const METRICS = '/metrics';

const TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export const metricsEndpoint = endpoint({
  method: 'GET',
  path: METRICS,
  access: 'viewer',
  summary:
    "What is counted, in Prometheus' text format; also at `/metrics` without a prefix. Answers with the database down, too.",
  answer: { type: 'text/plain', says: 'Every metric; docs/reference/metrics.md says what each is.' },
  handle: async (_, { services }) =>
    new Response(await services.metrics(), { headers: { 'content-type': TYPE } }),
});
