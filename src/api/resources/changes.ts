import { z } from 'zod';
import { pageSchema } from '#contracts';
import { endpoint } from '../http/endpoint.ts';
import { readPage } from '../http/page.ts';

export const changeListSchema = z
  .object({
    from: z.coerce.number().optional(),
    to: z.coerce.number().optional(),
    route: z.string().optional(),
  })
  .extend(pageSchema.shape);

export const changeEndpoints = [
  endpoint({
    method: 'GET',
    path: '/changes',
    access: 'viewer',
    summary:
      'Change events, newest first: when a declared axis or an observed value first appeared on a route.',
    query: changeListSchema,
    answer: { schema: 'ChangePage', says: 'One page; `next` is the cursor of the older one.' },
    handle: ({ query: { cursor, limit, ...filter } }, { services }) =>
      readPage({ cursor, limit }, (page) => services.store.changes.list(filter, page)),
  }),
];
