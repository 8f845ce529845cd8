import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { SQL } from 'bun';
import type { NewRun, RunStore, Store } from '#contracts';
import { freshDatabase } from './embedded/testing.ts';
import { openStore } from './index.ts';
import { testClock } from './testing.ts';

let database: Awaited<ReturnType<typeof freshDatabase>>;
let store: Store;
let runs: RunStore;
let sql: SQL;

beforeAll(async () => {
  database = await freshDatabase();
  store = openStore({ url: database.url, clock: testClock, log: () => undefined });
  await store.upkeep.migrate();
  ({ runs } = store);
  sql = new SQL(database.url, { max: 1 });
}, 60_000);
beforeEach(async () => {
  await sql`truncate runs cascade`;
});
afterAll(async () => {
  await sql.close();
  await store.close();
  await database.drop();
});

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array | undefined) => body && new TextDecoder().decode(body);
const fresh = (id: string, more: Partial<NewRun> = {}): NewRun => ({
  id: `run_${id}`,
  key: 'k1',
  endpoint: '/v1/chat/completions',
  model: 'm',
  ask: bytes('{"model":"m\\u0000"}'),
  fingerprint: 'f',
  headers: { 'x-midwatch-user': 'ann' },
  createdAt: 1_000.5,
  event: '{"state":"queued"}',
  ...more,
});
const HOUR = 3_600_000;

test('a run comes back as it was made, and its question byte for byte', async () => {
  const { run, existed } = await runs.create(
    fresh('1', { metadata: { a: 'b' }, webhook: { url: 'https://x/y', secret: 's' }, resampleOf: 'run_0' }),
  );
  expect(existed).toBe(false);
  expect(run).toEqual({
    id: 'run_1',
    key: 'k1',
    state: 'queued',
    endpoint: '/v1/chat/completions',
    model: 'm',
    metadata: { a: 'b' },
    resampleOf: 'run_0',
    createdAt: 1_000.5,
    executions: 0,
    cancelling: false,
    webhook: { url: 'https://x/y', state: 'waiting', tries: 0 },
  });
  expect(await runs.get('run_1')).toEqual(run);
  expect(await runs.get('run_2')).toBeUndefined();
  const asked = await runs.ask('run_1');
  expect(text(asked?.ask)).toBe('{"model":"m\\u0000"}');
  expect(asked?.headers).toEqual({ 'x-midwatch-user': 'ann' });
  expect(await runs.events('run_1', 0, 10)).toEqual([{ seq: 1, name: 'run', data: '{"state":"queued"}' }]);
});

test('an idempotency key makes one run for each key, also when asked at once', async () => {
  const made = await Promise.all(
    Array.from({ length: 8 }, (_, i) => runs.create(fresh(`${i}`, { idempotencyKey: 'i' }))),
  );
  expect(made.filter((m) => !m.existed)).toHaveLength(1);
  expect(new Set(made.map((m) => m.run.id)).size).toBe(1);
  expect(made.every((m) => m.same)).toBe(true);
  expect(await runs.create(fresh('x', { idempotencyKey: 'i', fingerprint: 'g' }))).toMatchObject({
    existed: true,
    same: false,
  });
  expect(await runs.create(fresh('y', { idempotencyKey: 'i', key: 'k2' }))).toMatchObject({ existed: false });
});

test('each run is held by one worker; a lapsed lease or a release makes it free, and the old ticket void', async () => {
  for (const id of ['1', '2', '3', '4']) await runs.create(fresh(id));
  const [a, b] = await Promise.all([runs.claim('a', HOUR, 2), runs.claim('b', HOUR, 2)]);
  expect([...a, ...b].map((c) => c.run.id).sort()).toEqual(['run_1', 'run_2', 'run_3', 'run_4']);
  expect(await runs.claim('c', HOUR, 9)).toEqual([]);
  const mine = a.map((c) => c.run.id);
  expect([...(await runs.renew('a', HOUR, mine)).keys()].sort()).toEqual(mine.sort());
  expect((await runs.renew('b', HOUR, mine)).size).toBe(0);

  await runs.release('a');
  const taken = await runs.claim('c', HOUR, 9);
  expect(taken.map((c) => [c.execution, c.seq, c.run.state])).toEqual(Array(2).fill([2, 1, 'running']));
  const [id] = mine as [string];
  const line = { run: id, seq: 2, name: '', data: 'x' };
  await runs.append([
    { ...line, execution: 1 },
    { ...line, execution: 2, seq: 3, data: 'mine' },
  ]);
  expect((await runs.events(id, 1, 10)).map((e) => e.data)).toEqual(['mine']);
  const end = { state: 'succeeded', at: 5, answer: bytes('{}') } as const;
  expect(await runs.finish(id, 1, end, { seq: 4, name: 'run', data: 'old' })).toBe(false);
  expect(await runs.finish(id, 2, end, { seq: 4, name: 'run', data: 'end' })).toBe(true);
  expect(await runs.finish(id, 2, end, { seq: 5, name: 'run', data: 'twice' })).toBe(false);
  await runs.append([{ ...line, execution: 2, seq: 6, data: 'late' }]);
  expect((await runs.events(id, 3, 10)).map((e) => e.data)).toEqual(['end']);
  expect(text(await runs.answer(id))).toBe('{}');
  expect(await runs.get(id)).toMatchObject({ state: 'succeeded', finishedAt: 5 });
});

test('a lease that ran out is taken over, but not by whoever still carries it out', async () => {
  await runs.create(fresh('1'));
  await runs.claim('a', -1, 1);
  expect(await runs.claim('a', HOUR, 1, ['run_1'])).toEqual([]);
  expect([...(await runs.renew('a', -1, ['run_1'])).keys()]).toEqual(['run_1']);
  const [again] = await runs.claim('b', HOUR, 1);
  expect(again?.execution).toBe(2);
});

test('a failed execution is put off, and counted', async () => {
  await runs.create(fresh('1'));
  await runs.claim('a', HOUR, 1);
  await runs.postpone('run_1', 9, -1);
  expect(await runs.claim('b', HOUR, 1)).toEqual([]);
  await runs.postpone('run_1', 1, -1);
  expect(await runs.claim('b', HOUR, 1)).toMatchObject([{ execution: 2, failures: 1 }]);
  await runs.postpone('run_1', 2, HOUR);
  expect(await runs.claim('b', HOUR, 1)).toEqual([]);
  expect(await runs.cancel('run_1', 7, 'bye')).toMatchObject({ state: 'cancelled' });
});

test('lines hold any text, and come in order from where one left off', async () => {
  await runs.create(fresh('1'));
  await runs.claim('a', HOUR, 1);
  const odd = ['{"a":"\\"b\\\\"}', 'x\0y', '\ud800', "NULL, {}'", ''];
  await runs.append(odd.map((data, i) => ({ run: 'run_1', execution: 1, seq: i + 2, name: 'n', data })));
  const lines = await runs.events('run_1', 2, 3);
  expect(lines.map((l) => [l.seq, l.data])).toEqual([
    [3, 'x\ufffdy'],
    [4, '\ufffd'],
    [5, "NULL, {}'"],
  ]);
});

test('a queued run is cancelled at once, a running one is marked, one that is over stays', async () => {
  await runs.create(fresh('1', { webhook: { url: 'https://x', secret: 's' } }));
  expect(await runs.cancel('run_1', 7, 'bye')).toMatchObject({ state: 'cancelled', finishedAt: 7 });
  expect((await runs.events('run_1', 1, 9)).map((e) => e.data)).toEqual(['bye']);
  expect(await runs.dueWebhooks(HOUR, 9)).toHaveLength(1);
  await runs.create(fresh('2'));
  await runs.claim('a', HOUR, 1);
  expect(await runs.cancel('run_2', 7, 'bye')).toMatchObject({ state: 'running', cancelling: true });
  expect((await runs.renew('a', HOUR, ['run_2'])).get('run_2')).toEqual({ cancelling: true });
  await runs.finish('run_2', 1, { state: 'succeeded', at: 9 }, { seq: 2, name: 'run', data: 'e' });
  expect(await runs.cancel('run_2', 10, 'bye')).toMatchObject({ state: 'succeeded', finishedAt: 9 });
  expect(await runs.cancel('run_9', 10, 'bye')).toBeUndefined();
});

test('news of an end are told until they arrive, one teller at a time', async () => {
  await runs.create(fresh('1', { webhook: { url: 'https://x', secret: 's3' } }));
  expect(await runs.dueWebhooks(HOUR, 9)).toEqual([]);
  await runs.claim('a', HOUR, 1);
  await runs.finish('run_1', 1, { state: 'failed', at: 9 }, { seq: 2, name: 'run', data: 'e' });
  const [one, two] = await Promise.all([runs.dueWebhooks(HOUR, 9), runs.dueWebhooks(HOUR, 9)]);
  expect([...one, ...two]).toMatchObject([{ url: 'https://x', secret: 's3', tries: 0 }]);
  await runs.toldWebhook('run_1', 'failed', 'waiting', -1);
  expect(await runs.dueWebhooks(HOUR, 9)).toMatchObject([{ tries: 1 }]);
  await runs.toldWebhook('run_1', 'failed', 'delivered');
  expect(await runs.dueWebhooks(HOUR, 9)).toEqual([]);
  expect((await runs.get('run_1'))?.webhook).toEqual({ url: 'https://x', state: 'delivered', tries: 2 });
});

test('lists are newest first, by state and key, page by page', async () => {
  for (const id of ['1', '2', '3', '4', '5'])
    await runs.create(fresh(id, id === '3' ? { key: 'k2' } : id === '4' ? { key: undefined } : {}));
  const ids = async (...args: Parameters<RunStore['list']>) =>
    (await runs.list(...args)).rows.map((r) => r.id.slice(4)).join('');
  expect(await ids({}, { limit: 9 })).toBe('54321');
  expect(await ids({ key: 'k1' }, { limit: 9 })).toBe('521');
  expect(await ids({ key: '' }, { limit: 9 })).toBe('4');
  expect(await ids({ state: 'running' }, { limit: 9 })).toBe('');
  const first = await runs.list({}, { limit: 2 });
  expect(first.next).toBe('run_4');
  expect(await ids({}, { limit: 2, cursor: 'run_4' })).toBe('32');
  await expect(runs.list({}, { limit: 2, cursor: 'zz' })).rejects.toThrow(RangeError);
});

test('what nobody took up expires, and what is long over is forgotten with its lines', async () => {
  await runs.create(fresh('1', { createdAt: 10 }));
  await runs.create(fresh('2', { createdAt: 100 }));
  const limits = { endedBefore: 0, queuedBefore: 50, at: 60, event: 'gone' };
  expect(await runs.sweep(limits)).toEqual({ forgotten: 0, expired: 1 });
  expect(await runs.get('run_1')).toMatchObject({ state: 'expired', finishedAt: 60 });
  expect((await runs.events('run_1', 1, 9)).map((e) => e.data)).toEqual(['gone']);
  expect(await runs.sweep({ ...limits, endedBefore: 61 })).toEqual({ forgotten: 1, expired: 0 });
  expect(await runs.get('run_1')).toBeUndefined();
  expect(await runs.events('run_1', 0, 9)).toEqual([]);
  expect(await runs.get('run_2')).toBeDefined();
});

test('one that is put off is taken up when its time has come, shown with it, and cancelled before it', async () => {
  const now = testClock.now();
  const later = { createdAt: now, beginsAt: now + 400 };
  expect((await runs.create(fresh('1', later))).run.beginsAt).toBe(now + 400);
  await runs.create(fresh('2', { ...later, beginsAt: now + HOUR }));
  expect(await runs.claim('w', HOUR, 9)).toEqual([]);
  expect(await runs.get('run_2')).toMatchObject({ state: 'queued', beginsAt: now + HOUR });
  expect(await runs.cancel('run_2', now, 'off')).toMatchObject({ state: 'cancelled' });
  await Bun.sleep(450);
  expect((await runs.claim('w', HOUR, 9)).map(({ run }) => run.id)).toEqual(['run_1']);
});

test('how long one may wait to be taken up counts from when it was put off to', async () => {
  const limits = { endedBefore: 0, queuedBefore: 2_000, at: 60, event: 'gone' };
  await runs.create(fresh('1', { createdAt: 1_000, beginsAt: 3_000 }));
  expect(await runs.sweep(limits)).toEqual({ forgotten: 0, expired: 0 });
  expect(await runs.sweep({ ...limits, queuedBefore: 3_001 })).toEqual({ forgotten: 0, expired: 1 });
});

const yes = { decision: 'approved', by: 'ann', at: 70, reason: 'fine' } as const;
const no = { decision: 'refused', by: 'bob', at: 80 } as const;

test('one that awaits approval is taken up by nobody before a yes; of many who decide at once one does', async () => {
  const why = 'a\u0000 bill';
  await runs.create(fresh('1', { approval: { within: HOUR, why } }));
  expect(await runs.claim('w', HOUR, 9)).toEqual([]);
  const waiting = await runs.get('run_1');
  expect(waiting).toMatchObject({ state: 'awaiting_approval', approval: { why: 'a\ufffd bill' } });
  expect(waiting?.approval?.until).toBeWithin(Date.now() + HOUR - 60_000, Date.now() + HOUR + 60_000);
  expect((await runs.ask('run_1'))?.approval).toEqual({ within: HOUR, why: 'a\ufffd bill' });
  const said = await Promise.all([yes, no, yes, no].map((one) => runs.decide('run_1', one, 'No.', 'said')));
  expect(said.filter((one) => one?.done)).toHaveLength(1);
  expect((await runs.events('run_1', 1, 9)).map((e) => e.data)).toEqual(['said']);

  await runs.create(fresh('2', { approval: { within: HOUR } }));
  const approved = await runs.decide('run_2', yes, '', 'yes');
  expect(approved).toMatchObject({
    done: true,
    run: { state: 'queued', approval: { decision: 'approved', by: 'ann', at: 70, reason: 'fine' } },
  });
  expect((await runs.claim('w', HOUR, 9)).map(({ run }) => run.id)).toContain('run_2');
  expect(await runs.decide('run_2', no, 'No.', 'no')).toMatchObject({
    done: false,
    run: { state: 'running' },
  });
  await runs.create(fresh('3'));
  expect(await runs.decide('run_3', yes, '', 'yes')).toMatchObject({ done: false, run: { state: 'queued' } });
  expect(await runs.decide('run_9', yes, '', 'yes')).toBeUndefined();
});

test('a no ends it with its reason; a late yes is none, and it lapses; one that waits can be cancelled', async () => {
  for (const id of ['1', '2', '3', '4'])
    await runs.create(fresh(id, { approval: { within: id === '2' ? 1 : HOUR } }));
  expect((await runs.decide('run_1', no, 'Refused by bob', 'no'))?.run).toMatchObject({
    state: 'cancelled',
    outcome: 'cancelled',
    trouble: 'Refused by bob',
    finishedAt: 80,
    approval: { decision: 'refused', by: 'bob' },
  });
  await Bun.sleep(5);
  expect(await runs.decide('run_2', yes, '', 'yes')).toMatchObject({ done: false });
  const [one, two] = await Promise.all([
    runs.lapse(90, 'Nobody.', 'late'),
    runs.lapse(90, 'Nobody.', 'late'),
  ]);
  expect([...one, ...two]).toEqual(['run_2']);
  expect(await runs.get('run_2')).toMatchObject({ state: 'expired', trouble: 'Nobody.', finishedAt: 90 });
  expect((await runs.events('run_2', 1, 9)).map((e) => e.data)).toEqual(['late']);
  expect(await runs.cancel('run_3', 95, 'bye')).toMatchObject({ state: 'cancelled', finishedAt: 95 });
  // Of none that waits for a person: the limit is on how long a worker may keep it waiting.
  const limits = { endedBefore: 0, queuedBefore: 2_000, at: 60, event: 'gone' };
  expect(await runs.sweep(limits)).toMatchObject({ expired: 0 });
  // From the yes on, however long that took.
  await runs.decide('run_4', { ...yes, at: 2_500 }, '', 'yes');
  expect(await runs.sweep(limits)).toMatchObject({ expired: 0 });
  expect(await runs.sweep({ ...limits, queuedBefore: 2_501 })).toMatchObject({ expired: 1 });
});

test('that somebody has to decide is told as well, and never in place of the end', async () => {
  const webhook = { url: 'https://x', secret: 's' };
  const told = () => runs.dueWebhooks(HOUR, 9);
  for (const id of ['1', '2']) await runs.create(fresh(id, { webhook, approval: { within: HOUR } }));
  expect((await told()).map(({ run }) => run.state)).toEqual(['awaiting_approval', 'awaiting_approval']);
  await runs.toldWebhook('run_1', 'awaiting_approval', 'delivered');
  expect((await runs.get('run_1'))?.webhook).toMatchObject({ state: 'delivered', tries: 1 });
  // Decided while the second is being told: what became of the telling must not speak for the end.
  for (const id of ['1', '2']) await runs.decide(`run_${id}`, yes, '', 'yes');
  expect(await told()).toEqual([]);
  await runs.claim('w', HOUR, 9);
  for (const id of ['1', '2'])
    await runs.finish(`run_${id}`, 1, { state: 'succeeded', at: 9 }, { seq: 3, name: 'run', data: 'e' });
  await runs.toldWebhook('run_2', 'awaiting_approval', 'delivered');
  expect((await told()).map(({ run, tries }) => [run.state, tries])).toEqual([
    ['succeeded', 0],
    ['succeeded', 0],
  ]);
});
