import {
  isOver,
  pageSchema,
  type Run,
  type RunDecision,
  type RunDetail,
  type RunEvents,
  runApproveSchema,
  runEventQuerySchema,
  runFilterSchema,
  runRefuseSchema,
} from '#contracts';
import { type Caller, endpoint } from '../http/endpoint.ts';
import { readPage } from '../http/page.ts';
import { notFound, Refusal } from '../http/refusal.ts';
import type { Parts } from '../parts.ts';

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
    async handle({ params, caller }, { services }): Promise<RunDetail> {
      const id = params.id ?? '';
      const run = await services.store.runs.get(id);
      if (!run) throw noRun(id);
      const answer = await services.store.runs.answer(id);
      const asked = run.approval && caller?.role !== 'viewer' ? await services.store.runs.ask(id) : undefined;
      return {
        run,
        ...(asked && { ask: readable(asked.ask) }),
        ...(answer && { answer: readable(answer) }),
      };
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
    path: '/runs/:id/approve',
    access: 'operator',
    summary:
      'Says yes to a run that awaits approval, on whichever gateway it came in; it is taken up like any other.',
    body: runApproveSchema,
    answer: { schema: 'Run', says: 'The run, queued; 409 `not_awaiting` where nothing is to be decided.' },
    handle: ({ params, body: { reason }, caller, address }, parts) =>
      decide(parts, params.id ?? '', 'approved', { caller, address, reason }),
  }),
  endpoint({
    method: 'POST',
    path: '/runs/:id/refuse',
    access: 'operator',
    summary:
      'Says no to a run that awaits approval: it ends as cancelled, no model is asked, and whoever asked is told the reason.',
    body: runRefuseSchema,
    answer: { schema: 'Run', says: 'The run, cancelled; 409 `not_awaiting` where nothing is to be decided.' },
    handle: ({ params, body: { reason }, caller, address }, parts) =>
      decide(parts, params.id ?? '', 'refused', { caller, address, reason }),
  }),
  endpoint({
    method: 'POST',
    path: '/runs/:id/resample',
    access: 'operator',
    summary:
      'Asks the question of a run once more, as a run of its own that belongs to the same key and is paid like any other; one that had to be approved has to be approved again.',
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

async function decide(
  { services, audit }: Parts,
  id: string,
  decision: RunDecision,
  {
    caller,
    address,
    reason,
  }: { readonly caller: Caller | undefined; readonly address: string; readonly reason: string | undefined },
): Promise<Run> {
  const by = caller?.name ?? '';
  const why = reason !== undefined && { reason };
  const found = await services.decideRun(id, { decision, by, ...why });
  if (!found) throw noRun(id);
  const { run, done } = found;
  if (!done)
    throw new Refusal(
      409,
      'not_awaiting',
      standing(run),
      'Nothing was changed. `midwatch runs show` tells what became of it.',
    );
  await audit({
    actor: by,
    action: decision === 'approved' ? 'run.approve' : 'run.refuse',
    subject: id,
    detail: { ...why, address },
  });
  return run;
}

/** Why there is nothing to decide. */
function standing({ id, state, approval }: Run): string {
  if (!approval) return `Run ${id} asked for no approval; it is ${state}.`;
  if (approval.decision) return `Run ${id} was ${approval.decision} by ${approval.by}; it is ${state}.`;
  return state === 'cancelled'
    ? `Run ${id} was cancelled before anybody decided.`
    : `The time to approve run ${id} is over.`;
}

/** An answer that is no JSON is shown as the text it is. */
function readable(bytes: Uint8Array): unknown {
  const text = new TextDecoder().decode(bytes);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
