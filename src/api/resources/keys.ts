import { type KeyCreate, keyCreateSchema } from '#contracts';
import { json } from '../http/answer.ts';
import { endpoint } from '../http/endpoint.ts';
import { badRequest, notFound } from '../http/refusal.ts';
import type { ApiServices } from '../services.ts';

export const keyEndpoints = [
  endpoint({
    method: 'GET',
    path: '/keys',
    access: 'viewer',
    summary: 'Every key ever made, never the key itself.',
    answer: { schema: 'KeyView', list: true, says: 'The keys.' },
    handle: (_, { services }) => services.keys.list(),
  }),
  endpoint({
    method: 'POST',
    path: '/keys',
    access: 'admin',
    summary: 'Makes a key. With the first one, callers on loopback need a key, too.',
    body: keyCreateSchema,
    answer: { schema: 'KeyCreated', status: 201, says: 'The only answer that ever holds the key itself.' },
    async handle({ body, caller, address }, { services, audit }) {
      check(body, services);
      const created = await services.keys.create(body);
      const { key: _, ...detail } = created;
      await audit({
        actor: caller?.name ?? '',
        action: 'key.create',
        subject: created.id,
        detail: { ...detail, address },
      });
      return json(created, 201);
    },
  }),
  endpoint({
    method: 'POST',
    path: '/keys/:id/revoke',
    access: 'operator',
    summary: 'Ends a key within a second, on every process. It stays in the list.',
    answer: { schema: 'KeyView', says: 'The key as it now is.' },
    async handle({ params, caller, address }, { services, audit }) {
      const id = params.id ?? '';
      const revoked = await services.keys.revoke(id);
      if (!revoked) throw notFound(`There is no key ${id}.`, 'GET /api/v1/keys lists them.');
      await audit({
        actor: caller?.name ?? '',
        action: 'key.revoke',
        subject: id,
        detail: { name: revoked.name, address },
      });
      return revoked;
    },
  }),
];

/** A key that can never be used is a mistake somebody would look for in the wrong place. */
function check(wanted: KeyCreate, services: ApiServices): void {
  const routes = services.routes().map((route) => route.name);
  const unknown = wanted.routes?.find((route) => !routes.includes(route));
  if (unknown !== undefined)
    throw badRequest(
      `Field "routes": there is no route "${unknown}".`,
      `Known routes: ${routes.join(', ')}.`,
    );
  if (wanted.expiresAt !== undefined && wanted.expiresAt <= services.clock.now())
    throw badRequest(
      'Field "expiresAt" is in the past.',
      'Give milliseconds since 1970, or leave it out for a key that does not expire.',
    );
}
