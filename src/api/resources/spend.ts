import { type SpendReport, spendQuerySchema } from '#contracts';
import { endpoint } from '../http/endpoint.ts';
import type { ApiServices } from '../services.ts';
import { windowOf } from './watch.ts';

export const spendEndpoints = [
  endpoint({
    method: 'GET',
    path: '/spend',
    access: 'viewer',
    summary:
      'Where the money went, from the record: by cause, route, provider, key, tenant or feature; by default the last hour.',
    query: spendQuerySchema,
    answer: {
      schema: 'SpendReport',
      says: 'The window, widened to whole minutes; its rows sum to the bill.',
    },
    async handle({ query }, { services }): Promise<SpendReport> {
      const { clock, store } = services;
      const now = clock.now();
      // Checks the ends; its steps are for charts, and money is asked for to the minute.
      windowOf(query, now);
      const to = query.to ?? now;
      const report = await store.rollups.spend({ from: query.from ?? to - 3_600_000, to, by: query.by });
      return query.by === 'key' ? labelled(report, services) : report;
    },
  }),
];

/** With the names that people gave their keys. */
async function labelled(report: SpendReport, { keys }: ApiServices): Promise<SpendReport> {
  const names = new Map((await keys.list()).map(({ id, name }) => [id, name]));
  return {
    ...report,
    rows: report.rows.map((row) => {
      const label = row.name === undefined ? undefined : names.get(row.name);
      return label === undefined ? row : { ...row, label };
    }),
  };
}
