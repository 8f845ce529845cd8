import { endpoint } from '../http/endpoint.ts';
import { fallbackViews } from '../traffic/fallbacks.ts';

export const fallbackEndpoints = [
  endpoint({
    method: 'GET',
    path: '/fallbacks',
    access: 'viewer',
    summary:
      'Every fallback and what is known of it before it is needed, worst first: probed, exercised, load. Needs no database.',
    answer: { schema: 'FallbackView', list: true, says: 'The edges.' },
    handle: (_, { services }) => fallbackViews(services),
  }),
];
