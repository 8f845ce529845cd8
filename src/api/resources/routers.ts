import { endpoint } from '../http/endpoint.ts';

export const routerEndpoints = [
  endpoint({
    method: 'GET',
    path: '/routers',
    access: 'viewer',
    summary:
      'Model routers with their books: cost of a solved task with and without, escalation against its plan, regret, verdict. Needs no database.',
    answer: { schema: 'RouterView', list: true, says: 'The routers.' },
    handle: (_, { services }) => services.routers(),
  }),
];
