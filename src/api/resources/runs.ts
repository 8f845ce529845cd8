import { pageSchema, type RunDetail, runFilterSchema } from '#contracts';
import { endpoint } from '../http/endpoint.ts';
import { readPage } from '../http/page.ts';
import { notFound } from '../http/refusal.ts';

const noRun = (id: string) => notFound(`There is no run ${id}.`, 'GET /api/v1/runs lists them.');

export const runEndpoints = [
  endpoint({
    method: 'GET',
    path: '/runs',
    access: 'viewer',
    summary: 'Runs of all keys, newest first, without questions and answers.',
    query: runFilterSchema.extend(pageSchema.shape),
    answer: { schema: 'RunPage', says: 'One page; `next` is the cursor of the older one.' },
    handle: ({ query: { cursor, limit, ...filter } }, { services }) =>
      readPage({ cursor, limit }, (page) => services.store.runs.list(filter, page)),
  }),
  endpoint({
    method: 'GET',
    path: '/runs/:id',
    access: 'viewer',
    summary: 'One run with its answer. Its exchanges are those with its id in `place.run`.',
    answer: { schema: 'RunDetail', says: 'The run.' },
    async handle({ params }, { services }): Promise<RunDetail> {
      const id = params.id ?? '';
      const run = await services.store.runs.get(id);
      if (!run) throw noRun(id);
      const answer = await services.store.runs.answer(id);
      return { run, ...(answer && { answer: readable(answer) }) };
    },
  }),
  endpoint({
    method: 'POST',
    path: '/runs/:id/cancel',
    access: 'operator',
    summary:
      'Ends a run: at once where it is queued, within seconds where it is carried out. One that is over stays.',
    answer: { schema: 'Run', says: 'The run as it now is.' },
    async handle({ params, caller, address }, { services, audit }) {
      const id = params.id ?? '';
      const run = await services.cancelRun(id);
      if (!run) throw noRun(id);
      await audit({
        actor: caller?.name ?? '',
        action: 'run.cancel',
        subject: id,
        detail: { state: run.state, address },
      });
      return run;
    },
  }),
];

/** An answer that is no JSON is shown as the text it is. */
function readable(bytes: Uint8Array): unknown {
  const text = new TextDecoder().decode(bytes);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
