import { freezeCreateSchema } from '#contracts';
import { endpoint } from '../http/endpoint.ts';
import { notFound, Refusal } from '../http/refusal.ts';

export const freezeEndpoints = [
  endpoint({
    method: 'GET',
    path: '/freezes',
    access: 'viewer',
    summary:
      'Routes that are held as they are: since when, by whom and why, what waits for the thaw, and what callers and providers changed since.',
    answer: { schema: 'FreezeView', list: true, says: 'The frozen routes, the oldest first.' },
    handle: (_, { services }) => services.freezes.list(),
  }),
  endpoint({
    method: 'GET',
    path: '/routes/:name/versions',
    access: 'viewer',
    summary: 'Kept versions of the policy of a route with how their traffic ended.',
    answer: { schema: 'PolicyVersionView', list: true, says: 'The versions, the one used last first.' },
    handle: ({ params }, { services }) => services.freezes.versions(params.name ?? ''),
  }),
  endpoint({
    method: 'POST',
    path: '/routes/:name/freeze',
    access: 'operator',
    summary:
      'Holds the policy of a route on every gateway until it is thawed: as it is, or a kept version of it. A reload that would change it is refused.',
    body: freezeCreateSchema,
    answer: {
      schema: 'FreezeView',
      says: 'The freeze, in force here and within a second elsewhere; 409 `not_frozen` where there is nothing of that name to hold.',
    },
    async handle({ params, body: { to, reason }, caller, address }, { services, audit }) {
      const route = params.name ?? '';
      const by = caller?.name ?? '';
      const known = services.routes().map(({ name }) => name);
      if (!known.includes(route))
        throw notFound(`There is no route "${route}".`, `Known routes: ${known.join(', ')}.`);
      const frozen = await services.freezes.freeze(route, { by, reason, to });
      if (!frozen.ok)
        throw new Refusal(
          409,
          'not_frozen',
          frozen.error,
          'Nothing was changed. `midwatch routes` lists the routes, `midwatch freeze <route> --versions` what is kept of one.',
        );
      const { version } = frozen.value;
      await audit({
        actor: by,
        action: 'route.freeze',
        subject: route,
        detail: { version, ...(reason !== undefined && { reason }), address },
      });
      return frozen.value;
    },
  }),
  endpoint({
    method: 'POST',
    path: '/routes/:name/thaw',
    access: 'operator',
    summary:
      'Ends the freeze of a route on every gateway; what the configuration says of it is in force again.',
    answer: { schema: 'FreezeMark', says: 'What was thawed; 404 where the route was not frozen.' },
    async handle({ params, caller, address }, { services, audit }) {
      const route = params.name ?? '';
      const was = await services.freezes.thaw(route);
      if (!was)
        throw notFound(`The route "${route}" is not frozen.`, '`midwatch freeze --list` shows what is.');
      await audit({
        actor: caller?.name ?? '',
        action: 'route.thaw',
        subject: route,
        detail: { version: was.version, frozenBy: was.by, address },
      });
      return was;
    },
  }),
];
