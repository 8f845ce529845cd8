import { tokenCreateSchema } from '#contracts';
import { ADMIN } from '../auth/identify.ts';
import { json } from '../http/answer.ts';
import { endpoint } from '../http/endpoint.ts';
import { badRequest, notFound, Refusal } from '../http/refusal.ts';

export const tokenEndpoints = [
  endpoint({
    method: 'GET',
    path: '/tokens',
    access: 'viewer',
    summary: 'Every token ever made beside the admin token, never the token itself.',
    answer: { schema: 'TokenView', list: true, says: 'The tokens.' },
    handle: (_, { tokens }) => tokens.list(),
  }),
  endpoint({
    method: 'POST',
    path: '/tokens',
    access: 'admin',
    summary:
      'Makes a token for one person or program: a viewer reads everything, an operator also revokes keys and reloads the configuration, an admin does everything.',
    body: tokenCreateSchema,
    answer: {
      schema: 'TokenCreated',
      status: 201,
      says: 'The only answer that ever holds the token itself.',
    },
    async handle({ body, caller, address }, { services, tokens, audit }) {
      if (body.expiresAt !== undefined && body.expiresAt <= services.clock.now())
        throw badRequest(
          'Field "expiresAt" is in the past.',
          'Give milliseconds since 1970, or leave it out for a token that does not expire.',
        );
      const created = body.name === ADMIN.name ? undefined : await tokens.create(body);
      if (!created)
        throw new Refusal(
          409,
          'name_taken',
          `A token "${body.name}" exists.`,
          'The audit names people by their tokens: choose another name, or revoke that token first.',
        );
      const { token: _, ...detail } = created;
      await audit({
        actor: caller?.name ?? '',
        action: 'token.create',
        subject: created.id,
        detail: { ...detail, address },
      });
      return json(created, 201);
    },
  }),
  endpoint({
    method: 'POST',
    path: '/tokens/:id/revoke',
    access: 'admin',
    summary: 'Ends a token and every login with it within a second, on every process. It stays in the list.',
    answer: { schema: 'TokenView', says: 'The token as it now is.' },
    async handle({ params, caller, address }, { tokens, sessions, audit }) {
      const id = params.id ?? '';
      const revoked = await tokens.revoke(id);
      if (!revoked) throw notFound(`There is no token ${id}.`, 'GET /api/v1/tokens lists them.');
      sessions.recheck(id);
      await audit({
        actor: caller?.name ?? '',
        action: 'token.revoke',
        subject: id,
        detail: { name: revoked.name, address },
      });
      return revoked;
    },
  }),
];
