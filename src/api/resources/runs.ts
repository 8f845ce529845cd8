import {
  isOver,
  pageSchema,
  type RunDetail,
  type RunEvents,
  runEventQuerySchema,
  runFilterSchema,
} from '#contracts';
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
    method: 'GET',
    path: '/runs/:id/events',
    access: 'viewer',
    summary:
      'What happened in a run after an event, in order: changes of its state and what the provider streamed. The data plane tells the same as it happens.',
    query: runEventQuerySchema,
    answer: {
      schema: 'RunEvents',
      says: 'Up to `limit` events; ask again after the last of them until `over`.',
    },
    async handle({ params, query: { after, limit } }, { services }): Promise<RunEvents> {
      const id = params.id ?? '';
      // The state first: an event that is written between the two is told with the next page, and none is missed.
      const run = await services.store.runs.get(id);
      if (!run) throw noRun(id);
      const events = await services.store.runs.events(id, after, limit);
      return { events, over: isOver(run.state) && events.length < limit };
    },
  }),
  endpoint({
    method: 'POST',
    path: '/runs/:id/resample',
    access: 'operator',
    summary:
      'Asks the question of a run once more, as a run of its own that belongs to the same key and is paid like any other.',
    answer: { schema: 'Run', says: 'The new run; `resampleOf` names the old one.' },
    async handle({ params, caller, address }, { services, audit }) {
      const id = params.id ?? '';
      const run = await services.resampleRun(id);
      if (!run) throw noRun(id);
      await audit({
        actor: caller?.name ?? '',
        action: 'run.resample',
        subject: id,
        detail: { run: run.id, address },
      });
      return run;
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
