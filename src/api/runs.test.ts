import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { NewRun } from '#contracts';
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
