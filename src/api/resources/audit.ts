import { auditFilterSchema, pageSchema } from '#contracts';
import { endpoint } from '../http/endpoint.ts';
import { readPage } from '../http/page.ts';

export const auditEndpoints = [
  endpoint({
    method: 'GET',
    path: '/audit',
    access: 'viewer',
    summary:
      'Every change, newest first: logins, keys and tokens made and revoked, the admin token replaced, the configuration reloaded.',
    query: auditFilterSchema.extend(pageSchema.shape),
    answer: { schema: 'AuditPage', says: 'One page; `next` is the cursor of the older one.' },
    handle: ({ query: { cursor, limit, ...filter } }, { services }) =>
      readPage({ cursor, limit }, (page) => services.store.admin.audited(filter, page)),
  }),
];
