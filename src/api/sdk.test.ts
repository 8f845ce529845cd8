import { afterAll, beforeAll, expect, test } from 'bun:test';
import { createMidwatch, type LiveEvent, type Midwatch, MidwatchError } from '#sdk';
import { answers } from './answers/index.ts';
import { facts, ROUTE, record, startApi, type TestApi } from './testing.ts';

let api: TestApi;
let midwatch: Midwatch;
beforeAll(async () => {
  api = await startApi();
  midwatch = createMidwatch({ baseUrl: api.url, token: api.token });
});
afterAll(() => api.stop());

const ASK = {
  model: 'support',
  messages: [
    { role: 'system', content: 'Be kind.' },
    { role: 'user', content: 'How many legs has a spider?' },
  ],
  temperature: 0.5,
  tools: [{ type: 'function', function: { name: 'count', parameters: { type: 'object' } } }],
};
const ANSWER = [{ role: 'assistant', content: 'Eight.' }];

/** An answer is what its schema says, to the last member: what a schema does not know, it drops. */
const fits = (name: keyof typeof answers, value: unknown) =>
  expect(answers[name].parse(value) as unknown).toEqual(value);

test('status needs no login; everything else does', async () => {
  const stranger = createMidwatch({ baseUrl: api.url });
  fits('Status', await stranger.status());
  for (const call of [
    stranger.me,
    stranger.watch,
    stranger.exchanges.list,
    stranger.routes.list,
    stranger.keys.list,
    stranger.system,
  ])
    await expect(call()).rejects.toMatchObject({ name: 'MidwatchError', status: 401, code: 'unauthorized' });
  expect(await midwatch.me()).toEqual({ role: 'admin', name: 'admin' });
});

test('an exchange by list, detail, ask, answer and neighbours', async () => {
  const [first, second] = [facts(), facts({ status: 502, outcome: 'cut' })];
  await record(api.store, first, ASK, ANSWER);
  await record(api.store, second, ASK);

  const page = await midwatch.exchanges.list({ route: 'support', limit: 1 });
  fits('ExchangePage', page);
  expect(page.rows.map((row) => row.id)).toEqual([second.id]);
  const older = await midwatch.exchanges.list({ route: 'support', limit: 1, cursor: page.next });
  expect(older.rows.map((row) => row.id)).toEqual([first.id]);
  expect((await midwatch.exchanges.list({ outcome: 'bad' })).rows.map((row) => row.id)).toEqual([second.id]);

  const detail = await midwatch.exchanges.get(first.id);
  fits('ExchangeDetail', detail);
  expect(detail).toMatchObject({
    bodies: 'kept',
    exchange: { id: first.id, outcome: 'complete', attempts: [{ provider: 'simulator' }] },
    ask: [
      { role: 'system', parts: [{ kind: 'text', text: 'Be kind.' }] },
      { role: 'user', parts: [{ kind: 'text', text: 'How many legs has a spider?' }] },
    ],
    answer: [{ role: 'assistant', parts: [{ kind: 'text', text: 'Eight.' }] }],
  });
  expect(await midwatch.exchanges.ask(first.id)).toEqual(ASK);
  expect(await midwatch.exchanges.answer(first.id)).toEqual(ANSWER);
  const neighbours = await midwatch.exchanges.neighbours(first.id, { limit: 10 });
  expect(neighbours.rows.map((row) => row.id)).toContain(second.id);
});

test('bodies that were never recorded are told from exchanges that never were', async () => {
  const silent = facts({ record: 'none' });
  await record(api.store, silent, ASK, ANSWER);
  expect(await midwatch.exchanges.get(silent.id)).toMatchObject({
    bodies: 'not_recorded',
    ask: [],
    answer: [],
  });
  await expect(midwatch.exchanges.ask(silent.id)).rejects.toMatchObject({ status: 404 });
  await expect(midwatch.exchanges.get(facts().id)).rejects.toMatchObject({ status: 404, code: 'not_found' });
  await expect(midwatch.exchanges.get('nonsense')).rejects.toMatchObject({
    status: 400,
    code: 'bad_request',
  });
});

test('watch counts what was recorded, shows changes and says what needs attention', async () => {
  const watch = await midwatch.watch();
  fits('Watch', watch);
  expect(watch.totals.exchanges).toBe(3);
  expect(watch.totals.outcomes).toMatchObject({ complete: 2, cut: 1 });
  expect(watch.points.reduce((sum, point) => sum + point.exchanges, 0)).toBe(3);
  expect(watch.changes.map((change) => change.subject)).toContain('observed.model');
  expect(watch.attention.map((a) => a.what)).toContain('No key exists');
  await expect(midwatch.watch({ from: 5, to: 5 })).rejects.toMatchObject({ status: 400 });

  const changes = await midwatch.changes.list({ route: 'support', limit: 1 });
  fits('ChangePage', changes);
  expect(changes.rows).toHaveLength(1);
  await expect(midwatch.changes.list({ cursor: 'made up' })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('cursor'),
  });
});

test('routes carry their last hour', async () => {
  const [route] = await midwatch.routes.list();
  fits('RouteView', route);
  expect(route).toMatchObject({ ...ROUTE, lastHour: { exchanges: 3 } });
  expect(await midwatch.routes.get('support')).toMatchObject(ROUTE);
  await expect(midwatch.routes.get('nope')).rejects.toMatchObject({
    status: 404,
    hint: expect.stringContaining('support'),
  });
});

test('keys are shown once, found by hash, refused after revocation', async () => {
  expect(api.keys.empty).toBe(true);
  const created = await midwatch.keys.create({ name: 'bot', owner: 'ada', routes: ['support'] });
  fits('KeyCreated', created);
  expect(created.key).toMatch(/^mw_[0-9A-Za-z]{43}$/);
  expect(created.hint).toBe(`${created.key.slice(0, 7)}…`);
  expect(api.keys.empty).toBe(false);
  const listed = await midwatch.keys.list();
  expect(JSON.stringify(listed)).not.toContain(created.key);
  fits('KeyView', listed[0]);
  await midwatch.keys.revoke(created.id);
  expect(api.keys.find(new Bun.CryptoHasher('sha256').update(created.key).digest('hex'))).toMatchObject({
    id: created.id,
    revokedAt: expect.any(Number),
  });
  await expect(midwatch.keys.revoke('key_none')).rejects.toMatchObject({ status: 404 });
  await expect(midwatch.keys.create({ name: '' })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('"name"'),
  });
  await expect(midwatch.keys.create({ name: 'x', routes: ['nope'] })).rejects.toMatchObject({
    status: 400,
    hint: 'Known routes: support.',
  });
  await expect(midwatch.keys.create({ name: 'x', expiresAt: 1 })).rejects.toMatchObject({ status: 400 });
});

test('system answers', async () => fits('SystemView', await midwatch.system()));

test('live events arrive as the list will show them, filtered, and over a restart of the server', async () => {
  const stop = new AbortController();
  const seen: LiveEvent[] = [];
  const shown = facts({ who: { user: 'live', feature: 'f' }, place: { thread: 'h' } });
  const after = facts({ who: { user: 'live' } });
  for await (const event of midwatch.live({ user: 'live' }, { signal: stop.signal })) {
    seen.push(event);
    if (event.type === 'connected' && !event.again) {
      api.live.publish(facts({ who: { user: 'other' } }));
      api.live.publish(shown);
    }
    if (event.type === 'exchange' && event.row.id === shown.id) await api.restart();
    if (event.type === 'connected' && event.again) api.live.publish(after);
    if (event.type === 'exchange' && event.row.id === after.id) stop.abort();
  }
  expect(seen.map((e) => (e.type === 'exchange' ? e.row.id : e.type))).toEqual([
    'connected',
    shown.id,
    'disconnected',
    'connected',
    after.id,
  ]);
  await record(api.store, shown, ASK, ANSWER);
  const [stored] = (await midwatch.exchanges.list({ user: 'live' })).rows;
  const row = seen[1]?.type === 'exchange' ? seen[1].row : undefined;
  expect(row).toEqual(stored);
});

test('live tells of changes that another process wrote', async () => {
  const stop = new AbortController();
  let writing: Promise<void> | undefined;
  for await (const event of midwatch.live({ route: 'changing' }, { signal: stop.signal })) {
    // The tail learns what is old with its first look, and only what comes after is news: so news goes on until seen.
    if (event.type === 'connected') writing = news(stop.signal);
    else {
      expect(event).toMatchObject({ type: 'change', change: { route: 'changing' } });
      stop.abort();
    }
  }
  expect(stop.signal.aborted).toBe(true);
  await writing;
});

async function news(until: AbortSignal): Promise<void> {
  for (let i = 0; !until.aborted; i++) {
    await record(api.store, facts({ route: 'changing', observed: { model: `served-${i}` } }), ASK);
    await Bun.sleep(200);
  }
}

test('what no retry mends ends the live loop with an error', async () => {
  const refused = async (events: AsyncIterable<LiveEvent>) => {
    for await (const event of events) expect(event).toBeUndefined();
  };
  await expect(refused(createMidwatch({ baseUrl: api.url, token: 'mwa_no' }).live())).rejects.toMatchObject({
    status: 401,
  });
  await expect(refused(midwatch.live({ release: 'x' }))).rejects.toMatchObject({ status: 400 });
});

test('leaving the loop and aborting both close the connection', async () => {
  for await (const event of midwatch.live()) if (event.type === 'connected') break;
  const gone = new AbortController();
  gone.abort();
  for await (const event of midwatch.live({}, { signal: gone.signal })) expect(event).toBeUndefined();
});

test('nothing there, something else there, and an abort', async () => {
  const other = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: () => new Response('<html>', { status: 418 }),
  });
  const elsewhere = createMidwatch({ baseUrl: `http://127.0.0.1:${other.port}/` });
  await expect(elsewhere.status()).rejects.toMatchObject({ code: 'not_midwatch', status: 418 });
  await other.stop(true);
  await expect(elsewhere.status()).rejects.toMatchObject({ code: 'unreachable', status: 0 });
  const aborted = midwatch.status({ signal: AbortSignal.abort(new Error('mine')) });
  await expect(aborted).rejects.toThrow('mine');
  expect(await aborted.catch((error) => error instanceof MidwatchError)).toBe(false);
});

test('with the database gone: what can answer answers, the rest says what to do', async () => {
  api.wire.cut();
  try {
    expect(await midwatch.status()).toMatchObject({ database: 'down' });
    expect(await midwatch.system()).toMatchObject({ database: { state: 'down' } });
    expect(await midwatch.routes.list()).toEqual([ROUTE]);
    expect((await midwatch.keys.list()).map((key) => key.name)).toEqual(['bot']);
    for await (const event of midwatch.live()) if (event.type === 'connected') break;
    for (const call of [midwatch.exchanges.list, midwatch.watch, midwatch.changes.list])
      await expect(call()).rejects.toMatchObject({ status: 503, code: 'database_down', retryAfter: 5000 });
    await expect(midwatch.keys.create({ name: 'x' })).rejects.toMatchObject({ code: 'database_down' });
  } finally {
    api.wire.mend();
  }
  await expect(midwatch.exchanges.list()).resolves.toBeDefined();
});

test('the bundled SDK runs under plain Node', async () => {
  const built = await Bun.build({
    entrypoints: [new URL('../../sdk/src/index.ts', import.meta.url).pathname],
    target: 'node',
    format: 'esm',
  });
  const code = await built.outputs[0]?.text();
  const script = `${code}
    {
    const midwatch = createMidwatch({ baseUrl: process.argv[1], token: process.argv[2] });
    const page = await midwatch.exchanges.list({ limit: 2 });
    let error; try { await midwatch.exchanges.get('x'); } catch (e) { error = e; }
    let live; for await (const event of midwatch.live()) { live = event.type; break; }
    console.log(JSON.stringify({ rows: page.rows.length, code: error.code, typed: error instanceof MidwatchError, live, bun: typeof Bun }));
    }
  `;
  const node = Bun.spawn(['node', '--input-type=module', '-e', script, api.url, api.token], {
    stderr: 'inherit',
  });
  expect(JSON.parse(await new Response(node.stdout).text())).toEqual({
    rows: 2,
    code: 'bad_request',
    typed: true,
    live: 'connected',
    bun: 'undefined',
  });
  expect(code).not.toContain('zod');
});
