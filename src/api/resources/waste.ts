import { type WasteReport, wasteQuerySchema } from '#contracts';
import { endpoint } from '../http/endpoint.ts';
import type { ApiServices } from '../services.ts';

const MONTH = 30 * 86_400_000;

export const wasteEndpoints = [
  endpoint({
    method: 'GET',
    path: '/waste',
    access: 'viewer',
    summary:
      'What exchanges that are no production (`development:` of the configuration) paid for questions that had been asked before, which cassettes would have answered for nothing; by default the last 30 days.',
    query: wasteQuerySchema,
    answer: { schema: 'WasteReport', says: '`repeats` at least, `alike` at most, by route and model.' },
    async handle({ query }, { services }): Promise<WasteReport> {
      const to = query.to ?? services.clock.now() + 1;
      const from = query.from ?? to - MONTH;
      const whose = whoseOf(services);
      const undeclared = Object.values(whose).every((names) => names.length === 0);
      const rows = undeclared ? [] : await services.store.waste.read({ from, to, whose });
      const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((all, row) => all + of(row), 0);
      return {
        from,
        to,
        exchanges: sum(({ exchanges }) => exchanges),
        microUsd: sum(({ microUsd }) => microUsd),
        repeats: sum(({ repeats }) => repeats),
        repeatsMicroUsd: sum(({ repeatsMicroUsd }) => repeatsMicroUsd),
        alike: sum(({ alike }) => alike),
        alikeMicroUsd: sum(({ alikeMicroUsd }) => alikeMicroUsd),
        rows,
        undeclared,
      };
    },
  }),
];

/** A record knows keys by their ids, and people by their names. */
function whoseOf({ development, keys }: ApiServices) {
  const { keys: named, ...rest } = development();
  return { ...rest, keys: keys.idsOf(named) };
}
