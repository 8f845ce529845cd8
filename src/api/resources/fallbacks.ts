import { type FallbackDrill, fallbackDrillSchema } from '#contracts';
import { endpoint } from '../http/endpoint.ts';
import { badRequest } from '../http/refusal.ts';
import { fallbackViews, sayFallbacks } from '../traffic/fallbacks.ts';

export const fallbackEndpoints = [
  endpoint({
    method: 'GET',
    path: '/fallbacks',
    access: 'viewer',
    summary:
      'Every fallback and what is known of it before it is needed, worst first: probed, exercised, load. Needs no database.',
    answer: { schema: 'FallbackView', list: true, says: 'The edges.' },
    handle: (_, { services }) => fallbackViews(services),
  }),
  endpoint({
    method: 'POST',
    path: '/fallbacks/drill',
    access: 'operator',
    summary:
      'Proves the fallbacks of a route by calls of its own, which are billed. Without `confirmed` nobody is called and the plan is answered.',
    body: fallbackDrillSchema,
    answer: {
      schema: 'FallbackDrill',
      says: 'The plan, and what was found; 400 when the route has no such fallback or the plan exceeds its bounds.',
    },
    async handle({ body, caller, address }, { services, audit }): Promise<FallbackDrill> {
      const done = await services.drillFallbacks(body);
      if (!done.ok) throw badRequest(done.error.message, done.error.hint);
      const { edges, ...drill } = done.value;
      if (drill.ran) {
        const { route, tier, load, fault } = body;
        await audit({
          actor: caller?.name ?? '',
          action: 'fallback.drill',
          subject: route,
          detail: { tier, load, fault, calls: drill.plan.calls, microUsd: drill.microUsd, address },
        });
      }
      return { ...drill, edges: sayFallbacks(edges) };
    },
  }),
];
