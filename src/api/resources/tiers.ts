import {
  type DemotionRefusal,
  type DemotionView,
  demotionApproveSchema,
  type Result,
  type TiersReport,
  tiersQuerySchema,
} from '#contracts';
import { endpoint } from '../http/endpoint.ts';
import { badRequest, notFound, Refusal } from '../http/refusal.ts';
import type { ApiServices } from '../services.ts';
import { knownRoute } from '../traffic/known-route.ts';
import { unfrozen } from '../traffic/still.ts';

/** A quarter: whoever wants it longer should say so in the configuration, where everybody reads it. */
const LONGEST = 92 * 86_400_000;

export const tierEndpoints = [
  endpoint({
    method: 'GET',
    path: '/tiers',
    access: 'viewer',
    summary:
      'Declared against served tier mix, route by route, what the watch says of it, and the ledger of demotions; by default the last seven days.',
    query: tiersQuerySchema,
    answer: { schema: 'TiersReport', says: 'The window, widened to whole hours.' },
    handle({ query }, { services }): Promise<TiersReport> {
      if (query.from !== undefined && query.from >= (query.to ?? services.clock.now()))
        throw badRequest(
          '"from" is not before "to".',
          'Both are milliseconds since 1970; from is the older one.',
        );
      return services.tiers.report(query);
    },
  }),
  endpoint({
    method: 'GET',
    path: '/demotions',
    access: 'viewer',
    summary:
      'Every rule that may send exchanges to a lower tier, and what it has done, as far as this gateway knows; those that need somebody first.',
    answer: { schema: 'DemotionView', list: true, says: 'The rules.' },
    handle: (_, { services }) => services.tiers.demotions(),
  }),
  endpoint({
    method: 'POST',
    path: '/demotions/:route/:id/approve',
    access: 'operator',
    summary:
      'Lets a rule with `onExpire: extend-with-approval` act on after its end, at most 92 days ahead; on every gateway of the database, and over their restarts.',
    body: demotionApproveSchema,
    answer: {
      schema: 'DemotionView',
      says: 'The rule as it now is; 409 `not_extendable` or `ended` when an approval changes nothing.',
    },
    async handle({ params, body: { until }, caller, address }, { services, audit }) {
      const { route = '', id = '' } = params;
      const now = services.clock.now();
      if (until <= now || until > now + LONGEST)
        throw badRequest(
          '"until" is not within the next 92 days.',
          'Give milliseconds since 1970; for longer, move `expiresAt` in the configuration.',
        );
      const by = caller?.name ?? '';
      unfrozen(services, route);
      const rule = done(services, route, id, services.tiers.approve(route, id, { by, until }));
      await audit({
        actor: by,
        action: 'demotion.approve',
        subject: `${route}/${id}`,
        detail: { until, address },
      });
      return rule;
    },
  }),
  endpoint({
    method: 'POST',
    path: '/demotions/:route/:id/end',
    access: 'operator',
    summary:
      'Ends a rule before its time, or its blocking after it, on every gateway of the database and over their restarts; another declaration in the configuration brings it back.',
    answer: { schema: 'DemotionView', says: 'The rule as it now is.' },
    async handle({ params, caller, address }, { services, audit }) {
      const { route = '', id = '' } = params;
      const by = caller?.name ?? '';
      unfrozen(services, route);
      const rule = done(services, route, id, services.tiers.end(route, id, by));
      await audit({ actor: by, action: 'demotion.end', subject: `${route}/${id}`, detail: { address } });
      return rule;
    },
  }),
];

function done(
  services: Pick<ApiServices, 'routes' | 'tiers'>,
  route: string,
  id: string,
  result: Result<DemotionView, DemotionRefusal>,
): DemotionView {
  if (result.ok) return result.value;
  if (result.error === 'unknown') {
    knownRoute(services, route);
    const rules = services.tiers.demotions().filter((rule) => rule.route === route);
    throw notFound(
      `Route "${route}" has no demotion rule "${id}".`,
      rules.length > 0
        ? `Its rules: ${rules.map((rule) => rule.id).join(', ')}. \`midwatch tiers demotions\` shows them.`
        : `It has none; they are declared under routes.${route}.demotions.`,
    );
  }
  throw result.error === 'ended'
    ? new Refusal(
        409,
        'ended',
        `Rule "${id}" was ended by a person.`,
        'Change it in the configuration to declare it anew.',
      )
    : new Refusal(
        409,
        'not_extendable',
        `Rule "${id}" does not say \`onExpire: extend-with-approval\`, so an approval would change nothing.`,
        'Move its `expiresAt` in the configuration and reload.',
      );
}
