import { endpoint } from '../http/endpoint.ts';

export const cassetteEndpoints = [
  endpoint({
    method: 'GET',
    path: '/cassettes',
    access: 'viewer',
    summary:
      'Recorded questions that are asked again from time to time (`cassettes.verify`): when next, what the last round found, and how far each answer has moved.',
    answer: { schema: 'CassetteView', says: 'Of the folder that is verified; without `verify` none is.' },
    handle: (_, { services }) => services.cassettes(),
  }),
];
