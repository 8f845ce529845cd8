import { type ShadowReport, shadowQuerySchema } from '#contracts';
import { endpoint } from '../http/endpoint.ts';
import { shadowViews } from '../traffic/shadows.ts';

const DAY = 86_400_000;
/** Newest pairs that are read: their intervals are narrow enough, and a page does not wait. */
const MOST = 5_000;

export const shadowEndpoints = [
  endpoint({
    method: 'GET',
    path: '/shadows',
    access: 'viewer',
    summary:
      'Answers that were served beside those of a second target that nobody was served: how often they agree, what the second costs and how long it takes. Of the last day unless asked otherwise.',
    query: shadowQuerySchema,
    answer: { schema: 'ShadowReport', says: 'By route and target, from the newest 5000 pairs.' },
    async handle({ query: { route, ...window } }, { services }): Promise<ShadowReport> {
      const to = window.to ?? services.clock.now() + 1;
      const from = window.from ?? to - DAY;
      const pairs = await services.store.shadows.pairs({ from, to, ...(route && { route }), limit: MOST });
      const now = services.shadows().filter((traffic) => route === undefined || traffic.route === route);
      return { from, to, rows: shadowViews(pairs), now };
    },
  }),
];
