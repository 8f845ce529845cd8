import { endpoint } from '../http/endpoint.ts';

export const systemEndpoints = [
  endpoint({
    method: 'GET',
    path: '/system',
    access: 'viewer',
    summary:
      'Spool, database, disk, retention and versions of this process. Answers with the database down, too.',
    answer: { schema: 'SystemView', says: 'The process from inside.' },
    handle: (_, { services }) => services.system(),
  }),
];
