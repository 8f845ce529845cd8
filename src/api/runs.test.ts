import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { NewRun, Role } from '#contracts';
import { createMidwatch, type Midwatch } from '#sdk';
import { startApi, type TestApi } from './testing.ts';

/** Runs as the control plane shows them, over a real database. */
let api: TestApi;
let midwatch: Midwatch;

const fresh = (id: string, more: Partial<NewRun> = {}): NewRun => ({
  id: `run_${id}`,
  key: 'k1',
  endpoint: '/v1/chat/completions',
  model: 'm',
  ask: new TextEncoder().encode('{}'),
  fingerprint: '',
  headers: {},
  createdAt: 5,
  event: '{}',
  webhook: { url: 'https://x/y', secret: 'not-to-be-shown' },
  ...more,
});

beforeAll(async () => {
  api = await startApi();
  midwatch = createMidwatch({ baseUrl: api.url, token: api.token });
  const { runs } = api.store;
  for (const id of ['1', '2', '3']) await runs.create(fresh(id));
  await runs.claim('w', 60_000, 1);
  const answer = new TextEncoder().encode('{"a":1}');
  await runs.finish('run_1', 1, { state: 'succeeded', at: 9, answer }, { seq: 2, name: 'run', data: '{}' });
});
afterAll(() => api.stop());

test('listed by state and page by page, without a secret', async () => {
  const page = await midwatch.runs.list({ limit: 2 });
  expect(page.rows.map((run) => run.id)).toEqual(['run_3', 'run_2']);
  expect((await midwatch.runs.list({ cursor: page.next ?? '' })).rows.map((run) => run.id)).toEqual([
    'run_1',
  ]);
  expect((await midwatch.runs.list({ state: 'queued' })).rows).toHaveLength(2);
  expect(JSON.stringify(page)).not.toContain('not-to-be-shown');
  await expect(midwatch.runs.list({ cursor: 'nobody' })).rejects.toMatchObject({ status: 400 });
});

test('shown with its answer; one that nobody made is none', async () => {
  expect(await midwatch.runs.get('run_1')).toMatchObject({ run: { state: 'succeeded' }, answer: { a: 1 } });
  expect(await midwatch.runs.get('run_2')).not.toHaveProperty('answer');
  await expect(midwatch.runs.get('run_9')).rejects.toMatchObject({ status: 404 });
});

test('cancelled, and the audit says by whom', async () => {
  expect(await midwatch.runs.cancel('run_2')).toMatchObject({ state: 'cancelled' });
  expect(await midwatch.runs.cancel('run_1')).toMatchObject({ state: 'succeeded' });
  await expect(midwatch.runs.cancel('run_9')).rejects.toMatchObject({ status: 404 });
  const { rows } = await midwatch.audit({ action: 'run.cancel' });
  expect(rows.map((row) => [row.actor, row.subject])).toEqual([
    ['admin', 'run_1'],
    ['admin', 'run_2'],
  ]);
});

test('approved and refused by name with a reason, told in the audit; who may not decide is not shown the question', async () => {
  const ask = new TextEncoder().encode('{"model":"m","secret":"of the asker"}');
  for (const id of ['4', '5', '6'])
    await api.store.runs.create(fresh(id, { ask, approval: { within: 60_000, why: 'a bill' } }));
  const tokenOf = async (role: Role) => (await midwatch.tokens.create({ name: `${role} ann`, role })).token;
  const as = async (role: Role) => createMidwatch({ baseUrl: api.url, token: await tokenOf(role) });
  const [viewer, operator] = [await as('viewer'), await as('operator')];
  expect(await viewer.runs.get('run_4')).toEqual({
    run: expect.objectContaining({ state: 'awaiting_approval' }),
  });
  expect((await operator.runs.get('run_4')).ask).toEqual({ model: 'm', secret: 'of the asker' });
  expect(await operator.runs.get('run_1')).not.toHaveProperty('ask');

  await expect(viewer.runs.approve('run_4')).rejects.toMatchObject({ status: 403 });
  expect(await operator.runs.approve('run_4', { reason: 'fine' })).toMatchObject({
    state: 'queued',
    approval: { decision: 'approved', by: 'operator ann', reason: 'fine' },
  });
  expect(await operator.runs.refuse('run_5', { reason: 'too dear' })).toMatchObject({ state: 'cancelled' });
  await expect(operator.runs.refuse('run_6', { reason: ' ' })).rejects.toMatchObject({ status: 400 });
  await expect(operator.runs.refuse('run_4', { reason: 'late' })).rejects.toMatchObject({
    status: 409,
    code: 'not_awaiting',
    message: 'Run run_4 was approved by operator ann; it is queued.',
  });
  await expect(operator.runs.approve('run_3')).rejects.toMatchObject({
    code: 'not_awaiting',
    message: 'Run run_3 asked for no approval; it is queued.',
  });
  await expect(operator.runs.approve('run_9')).rejects.toMatchObject({ status: 404 });
  const { rows } = await midwatch.audit({ limit: 50 });
  expect(
    rows
      .filter(({ action }) => /^run\.(approve|refuse)$/.test(action))
      .map((row) => [row.action, row.actor, row.subject, (row.detail as { reason?: string }).reason]),
  ).toEqual([
    ['run.refuse', 'operator ann', 'run_5', 'too dear'],
    ['run.approve', 'operator ann', 'run_4', 'fine'],
  ]);
});
