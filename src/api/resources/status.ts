import { endpoint } from '../http/endpoint.ts';

export const statusEndpoints = [
  endpoint({
    method: 'GET',
    path: '/status',
    access: 'open',
    summary: 'Whether Midwatch is ready; needs no login and says nothing secret.',
    answer: { schema: 'Status', says: 'How this process stands.' },
    handle: (_, { services }) => services.status(),
  }),
];
