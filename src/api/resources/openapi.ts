import { endpoint } from '../http/endpoint.ts';

export const openapiEndpoint = endpoint({
  method: 'GET',
  path: '/openapi.json',
  access: 'viewer',
  summary: 'This API as an OpenAPI 3.1 document.',
  answer: { type: 'application/json', says: 'The document.' },
  handle: (_, { document }) => document(),
});
