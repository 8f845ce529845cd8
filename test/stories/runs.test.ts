import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { SQL } from 'bun';
import { seeded } from '#kernel';
import { sign } from '#runs';
import { freshDatabase } from '#store/testing';
import { type Product, product, until } from '../support/product.ts';
import { type SeenEvent, watchRun } from '../support/run-events.ts';
import { type ScriptedUpstream, scriptedUpstream } from '../support/upstream.ts';

/** Questions answered in their own time: the product in a process of its own, a provider that counts, and a receiver of news. */
let up: ScriptedUpstream;
let house: Product;
let receiver: Bun.Server<undefined>;
let news: { readonly headers: Headers; readonly body: string }[] = [];
/** Answers of the receiver, in order; 200 when none is left. */
let receipts: number[] = [];

const MIDWATCH = join(import.meta.dir, '..', '..', 'bin', 'midwatch');
const SECRET = 'a-secret-of-the-receiver';
const CONFIG = (port: number) => `
drainTimeout: 200ms
providers:
  up: { protocol: openai, baseUrl: "http://127.0.0.1:${port}/v1", apiKey: x, free: true }
routes:
  all: { tiers: [ { name: primary, targets: [ { provider: up } ] } ] }
`;

beforeAll(async () => {
  up = await scriptedUpstream();
  receiver = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      news.push({ headers: request.headers, body: await request.text() });
      return new Response(null, { status: receipts.shift() ?? 200 });
    },
  });
  house = await product({ config: CONFIG(up.port) });
}, 60_000);
beforeEach(() => {
  up.heard.length = 0;
  news = [];
  receipts = [];
});
afterAll(async () => {
  await house.stop();
  house.remove();
  await receiver.stop(true);
  await up.stop();
}, 30_000);

const COMPLETION = JSON.stringify({
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});
const chunk = (delta: object, finish: string | null = null) =>
  JSON.stringify({
    id: 'c1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
const DATA = [
  ...Array.from({ length: 30 }, (_, i) => chunk({ content: `w${i} ` })),
  chunk({}, 'stop'),
  '[DONE]',
];
const STREAM = DATA.map((data) => `data: ${data}\n\n`);
const JSON_HEAD = { 'content-type': 'application/json' };
const SSE_HEAD = { 'content-type': 'text/event-stream' };
const whole = (delay = 0) =>
  up.play({ status: 200, headers: JSON_HEAD, framing: 'length', parts: [COMPLETION], delay });
const streamed = (pause: number) =>
  up.play({ status: 200, headers: SSE_HEAD, framing: 'chunked', parts: STREAM, pause });

interface Told {
  readonly id: string;
  readonly status: string;
  readonly outcome: string | null;
  readonly http_status: number | null;
  readonly executions: number;
  readonly exchange: string | null;
  readonly answer?: { readonly choices?: unknown };
  readonly webhook: { readonly state: string; readonly tries: number } | null;
  readonly webhook_secret?: string;
  readonly resample_of: string | null;
  readonly urls: { readonly self: string; readonly events: string; readonly cancel: string };
  readonly error: { readonly message: string } | null;
  readonly approval: { readonly until: number; readonly decision?: string; readonly by?: string } | null;
}
const call = (path: string, init: RequestInit = {}) => fetch(`${house.url}${path}`, init);
const submit = async (more: object = {}, headers: Record<string, string> = {}, body: object = {}) => {
  const answer = await call('/v1/runs', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      endpoint: '/v1/chat/completions',
      body: { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...body },
      ...more,
    }),
  });
  if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Told;
};
const show = async (id: string) => (await (await call(`/v1/runs/${id}`)).json()) as Told;
const over = (id: string, ms?: number) =>
  until(
    async () => {
      const run = await show(id);
      return !['queued', 'running', 'awaiting_approval'].includes(run.status) && run;
    },
    `the end of ${id}`,
    ms,
  );

test('accepted at once, answered later, recorded like any other exchange', async () => {
  whole(200);
  const run = await submit({ metadata: { order: '17' } });
  expect(run.status).toBe('queued');
  const done = await over(run.id);
  expect(done).toMatchObject({ status: 'succeeded', outcome: 'complete', http_status: 200, executions: 1 });
  expect(done.answer).toEqual(JSON.parse(COMPLETION));
  expect(up.heard).toHaveLength(1);
  expect(up.heard[0]?.headers['idempotency-key']).toBe(run.id);
  const { exchange } = await until(
    () => house.api.exchanges.get(done.exchange ?? ''),
    'the record of the exchange',
  );
  expect(exchange.place.run).toBe(run.id);
});

test('events go on after any of them, exactly', async () => {
  streamed(10);
  const run = await submit({}, {}, { stream: true });
  const first = await watchRun(`${house.url}${run.urls.events}`, { take: 7 });
  expect(first.map((e) => e.seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  const rest = await watchRun(`${house.url}${run.urls.events}`, { after: 7 });
  const all = [...first, ...rest];
  expect(all.map((e) => e.seq)).toEqual(all.map((_, i) => i + 1));
  expect(all.filter((e) => e.name === '').map((e) => e.data)).toEqual(DATA);
  expect(all.filter((e) => e.name === 'run').map((e) => JSON.parse(e.data).status)).toEqual([
    'queued',
    'running',
    'succeeded',
  ]);
  expect(await watchRun(`${house.url}${run.urls.events}`)).toEqual(all);
  const end = await call(run.urls.events, { headers: { 'last-event-id': String(all.length) } });
  expect(end.status).toBe(204);
});

test('connections dropped at random bytes lose nothing and repeat nothing', async () => {
  streamed(5);
  const random = seeded(26);
  const watchers = Array.from({ length: 20 }, async () => {
    const run = await submit({}, {}, { stream: true });
    const url = `${house.url}${run.urls.events}`;
    const seen: SeenEvent[] = [];
    while (seen.at(-1)?.name !== 'run' || !seen.at(-1)?.data.includes('succeeded'))
      seen.push(
        ...(await watchRun(url, { after: seen.at(-1)?.seq ?? 0, dropAt: Math.floor(random() * 4_000) })),
      );
    expect(seen).toEqual(await watchRun(url));
    return seen.map((e) => e.seq);
  });
  for (const seqs of await Promise.all(watchers)) expect(seqs).toEqual(seqs.map((_, i) => i + 1));
}, 20_000);

test('fifty at once, each asked and answered once', async () => {
  whole(100);
  const runs = await Promise.all(Array.from({ length: 50 }, () => submit()));
  const ends = await Promise.all(runs.map(({ id }) => over(id)));
  expect(ends.map((r) => r.status)).toEqual(Array(50).fill('succeeded'));
  expect(new Set(up.heard.map((h) => h.headers['idempotency-key']))).toEqual(new Set(runs.map((r) => r.id)));
  expect(up.heard).toHaveLength(50);
}, 20_000);

test('an idempotency key makes one run, whoever asks and how often', async () => {
  whole(50);
  const headers = { 'idempotency-key': 'order-17' };
  const runs = await Promise.all(Array.from({ length: 10 }, () => submit({}, headers)));
  expect(new Set(runs.map((r) => r.id)).size).toBe(1);
  await over((runs[0] as Told).id);
  expect(up.heard).toHaveLength(1);
  await expect(submit({ metadata: { a: 'b' } }, headers)).rejects.toThrow('422');
});

test('a resample asks the same question once more, as a run of its own', async () => {
  whole();
  const first = await over((await submit({}, {}, { seed: 7 })).id);
  const again = await call(`/v1/runs/${first.id}/resample`, { method: 'POST' });
  expect(again.status).toBe(202);
  const second = await over(((await again.json()) as Told).id);
  expect(second).toMatchObject({ status: 'succeeded', resample_of: first.id });
  expect(up.heard.map((h) => h.headers['idempotency-key'])).toEqual([first.id, second.id]);
  expect(up.heard[0]?.body).toEqual(up.heard[1]?.body as Uint8Array);
});

describe('ends', () => {
  const finish = (reason: string) => COMPLETION.replace('"stop"', JSON.stringify(reason));
  const answering = async (status: number, body: string) => {
    up.play({ status, headers: JSON_HEAD, framing: 'length', parts: [body] });
    return over((await submit()).id);
  };

  test('a truncated or refused answer is none that succeeded, and is not asked for again', async () => {
    expect(await answering(200, finish('length'))).toMatchObject({ status: 'truncated', outcome: 'length' });
    expect(await answering(200, finish('content_filter'))).toMatchObject({ status: 'refused' });
    // A reason that says tools, and no tool.
    expect(await answering(200, finish('tool_calls'))).toMatchObject({ status: 'invalid' });
    expect(await answering(400, '{"error":{"message":"wrong"}}')).toMatchObject({
      status: 'failed',
      http_status: 400,
      executions: 1,
    });
  });

  test('a transport failure is tried again under the same key', async () => {
    const cut = {
      status: 200,
      headers: SSE_HEAD,
      framing: 'chunked',
      parts: STREAM.slice(0, 5),
      end: 'reset',
    } as const;
    up.play(cut, { status: 200, headers: SSE_HEAD, framing: 'chunked', parts: STREAM });
    const run = await submit({}, {}, { stream: true });
    expect(await over(run.id)).toMatchObject({ status: 'succeeded', executions: 2 });
    expect(up.heard.map((h) => h.headers['idempotency-key'])).toEqual([run.id, run.id]);
    const lines = await watchRun(`${house.url}${run.urls.events}`);
    const restart = lines.findLastIndex(
      (l) =>
        l.name === 'run' && JSON.parse(l.data).execution === 2 && JSON.parse(l.data).status === 'running',
    );
    expect(
      lines
        .slice(restart)
        .filter((l) => l.name === '')
        .map((l) => l.data),
    ).toEqual(DATA);
  });
});

test('cancelled: the provider is let go, and so is the caller who watches', async () => {
  streamed(100);
  const run = await submit({}, {}, { stream: true });
  await watchRun(`${house.url}${run.urls.events}`, { take: 4 });
  const watching = watchRun(`${house.url}${run.urls.events}`);
  await call(run.urls.cancel, { method: 'POST' });
  await up.heard[0]?.closed;
  expect(await over(run.id)).toMatchObject({ status: 'cancelled', outcome: 'cancelled' });
  expect(JSON.parse((await watching).at(-1)?.data ?? '{}').status).toBe('cancelled');
  expect((await (await call(run.urls.cancel, { method: 'POST' })).json()) as Told).toMatchObject({
    status: 'cancelled',
  });
});

test('cancelled when a tool call has been told: that somebody may have acted on it is said', async () => {
  const call = {
    index: 0,
    id: 'call_1',
    type: 'function',
    function: { name: 'pay', arguments: '{"usd":5}' },
  };
  const parts = [chunk({ tool_calls: [call] }), ...DATA].map((data) => `data: ${data}\n\n`);
  up.play({ status: 200, headers: SSE_HEAD, framing: 'chunked', parts, pause: 100 });
  const run = await submit({}, {}, { stream: true });
  await watchRun(`${house.url}${run.urls.events}`, { take: 4 });
  await house.api.runs.cancel(run.id);
  expect(await over(run.id)).toMatchObject({ status: 'cancelled_after_action', outcome: 'cancelled' });
  const { rows } = await house.api.runs.list({ state: 'cancelled_after_action' });
  expect(rows.map(({ id }) => id)).toEqual([run.id]);
});

test('news of the end are signed, told until they are taken, and each time the same', async () => {
  whole();
  receipts = [500];
  const url = `http://127.0.0.1:${receiver.port}/hook`;
  const run = await submit({ webhook: { url, secret: SECRET } });
  await until(async () => (await show(run.id)).webhook?.state === 'delivered', 'the delivery');
  expect(news).toHaveLength(2);
  expect((await show(run.id)).webhook).toMatchObject({ tries: 2 });
  for (const { headers, body } of news) {
    const signature = headers.get('x-midwatch-signature') ?? '';
    const seconds = Number(/t=(\d+)/.exec(signature)?.[1]);
    expect(signature).toBe(sign(SECRET, seconds, body));
    expect(headers.get('x-midwatch-event')).toBe(run.id.replace('run_', 'evt_'));
    expect(JSON.parse(body)).toMatchObject({ type: 'run.succeeded', data: { id: run.id } });
  }
  const unsaid = await submit({ webhook: { url } });
  expect(unsaid.webhook_secret).toMatch(/^whsec_/);
  // Told before the next test, which counts what is told.
  await until(async () => (await show(unsaid.id)).webhook?.state === 'delivered', 'the delivery');
});

describe('approval', () => {
  const states = async (run: Told) =>
    (await watchRun(`${house.url}${run.urls.events}`))
      .filter((e) => e.name === 'run')
      .map((e) => JSON.parse(e.data) as { status: string; approval?: object; error?: object });

  test('no model is asked before a yes, which the asker, its watchers and its webhook are told of', async () => {
    whole();
    const url = `http://127.0.0.1:${receiver.port}/hook`;
    const run = await submit({ approval: { within: '1h', why: 'a bill' }, webhook: { url, secret: SECRET } });
    expect(run).toMatchObject({ status: 'awaiting_approval', approval: { why: 'a bill' } });
    expect(run.approval?.until).toBeWithin(Date.now() + 3_500_000, Date.now() + 3_700_000);
    const watching = states(run);
    await until(async () => news.length === 1, 'the news that somebody has to decide');
    // An approval is not the asker's to give: its own door has none.
    expect((await call(`${run.urls.self}/approve`, { method: 'POST' })).status).toBe(404);
    expect(up.heard).toHaveLength(0);
    await house.api.runs.approve(run.id, { reason: 'go' });
    expect(await over(run.id)).toMatchObject({
      status: 'succeeded',
      approval: { decision: 'approved', by: 'admin', reason: 'go' },
    });
    expect((await watching).map((line) => [line.status, line.approval !== undefined])).toEqual([
      ['awaiting_approval', true],
      ['queued', true],
      ['running', false],
      ['succeeded', false],
    ]);
    await until(async () => news.length === 2, 'the news of the end');
    expect(news.map(({ body }) => JSON.parse(body).type)).toEqual(['run.awaiting_approval', 'run.succeeded']);
    expect(new Set(news.map(({ headers }) => headers.get('x-midwatch-event'))).size).toBe(2);
    expect(up.heard).toHaveLength(1);
    // A yes was to one call: asking once more needs another.
    const again = await call(`/v1/runs/${run.id}/resample`, { method: 'POST' });
    expect((await again.json()) as Told).toMatchObject({
      status: 'awaiting_approval',
      approval: { why: 'a bill' },
    });
  });

  test('a no, a cancel and a time that runs out each end it with no call, and say so', async () => {
    whole();
    const [refused, cancelled, late] = await Promise.all([
      submit({ approval: true }),
      submit({ approval: true }),
      submit({ approval: { within: '300ms' } }),
    ]);
    expect(await over(late.id)).toMatchObject({
      status: 'expired',
      error: { message: 'Nobody approved it in time.' },
    });
    expect((await states(late)).map(({ status }) => status)).toEqual(['awaiting_approval', 'expired']);
    await house.api.runs.refuse(refused.id, { reason: 'too dear' });
    expect(await over(refused.id)).toMatchObject({
      status: 'cancelled',
      error: { message: 'Refused by admin: too dear' },
      approval: { decision: 'refused', by: 'admin', reason: 'too dear' },
    });
    expect((await states(refused)).at(-1)).toMatchObject({
      error: { message: 'Refused by admin: too dear' },
    });
    await call(cancelled.urls.cancel, { method: 'POST' });
    await expect(house.api.runs.approve(cancelled.id)).rejects.toMatchObject({ code: 'not_awaiting' });
    await expect(house.api.runs.approve(late.id)).rejects.toMatchObject({ code: 'not_awaiting' });
    expect(up.heard).toHaveLength(0);
  });

  test('it waits on over kill -9, and the yes that comes after it makes one call', async () => {
    whole(50);
    const run = await submit({ approval: true });
    await house.stop('SIGKILL');
    house = await house.again();
    expect(await show(run.id)).toMatchObject({
      status: 'awaiting_approval',
      approval: run.approval as object,
    });
    expect(up.heard).toHaveLength(0);
    await house.api.runs.approve(run.id);
    expect(await over(run.id)).toMatchObject({ status: 'succeeded', executions: 1 });
    expect(up.heard).toHaveLength(1);
  }, 30_000);
});

test('a run belongs to its key; errors say what to do', async () => {
  whole();
  const free = await submit();
  const wrong = await call('/v1/runs', { method: 'POST', body: '{"endpoint":"/v1/nothing","body":{}}' });
  expect(wrong.status).toBe(400);
  expect(((await wrong.json()) as { error: object }).error).toMatchObject({
    type: 'invalid_request_error',
    param: 'endpoint',
  });
  const bad = await call('/v1/runs', {
    method: 'POST',
    body: '{"endpoint":"/v1/chat/completions","body":{"model":"m"}}',
  });
  expect(((await bad.json()) as { error: { param: string } }).error.param).toBe('body.messages');
  expect((await call('/v1/runs/run_0')).status).toBe(404);
  expect((await call('/v1/runs', { method: 'PUT' })).status).toBe(405);
  await over(free.id);
  const list = (await (await call('/v1/runs?limit=2')).json()) as { data: Told[]; has_more: boolean };
  expect(list.data).toHaveLength(2);
  expect(list.has_more).toBe(true);
});

test('the command line lists, shows and cancels', async () => {
  // Longer than a slow machine takes to start the command line twice.
  streamed(800);
  const run = await submit({}, {}, { stream: true });
  const midwatch = async (...args: string[]) => {
    const command = [MIDWATCH, 'runs', ...args, '--url', house.url, '--token', house.token];
    const child = Bun.spawn(command, {
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'inherit',
      cwd: house.folder,
    });
    return await new Response(child.stdout).text();
  };
  expect(await midwatch('list')).toContain(run.id.slice(-8));
  expect(await midwatch('cancel', run.id.slice(-8))).toContain('cancelled');
  await over(run.id);
  expect(await midwatch('show', 'last')).toContain('cancelled');
  expect(JSON.parse(await midwatch('show', run.id, '--json'))).toMatchObject({
    run: { id: run.id, state: 'cancelled' },
  });
}, 15_000);

test('the command line shows what awaits approval and what it would ask, approves and refuses', async () => {
  whole();
  const midwatch = async (...args: string[]) => {
    const command = [MIDWATCH, 'runs', ...args, '--url', house.url, '--token', house.token];
    const child = Bun.spawn(command, { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', cwd: house.folder });
    return { said: await new Response(child.stdout).text(), code: await child.exited };
  };
  const one = await submit({ approval: { within: '2h', why: 'a bill' } });
  const two = await submit({ approval: true });
  expect((await midwatch('list', '--state', 'awaiting_approval')).said).toMatch(/awaiting_approval .* left/);
  const shown = (await midwatch('show', one.id)).said;
  for (const part of ['asked: a bill', '"content": "hi"']) expect(shown).toContain(part);
  expect(await midwatch('approve', one.id, '--reason', 'go')).toMatchObject({ code: 0 });
  await over(one.id);
  expect((await midwatch('show', one.id)).said).toMatch(/approved by admin .* · go/);
  expect((await midwatch('refuse', two.id)).code).toBe(2);
  expect((await midwatch('refuse', two.id, '--reason', 'no')).said).toContain('refused');
  expect((await midwatch('approve', two.id)).code).toBe(1);
}, 30_000);

test('the command line watches a run to its end, goes on after an event, and asks again', async () => {
  const midwatch = async (...args: string[]) => {
    const child = Bun.spawn([MIDWATCH, 'runs', ...args, '--url', house.url, '--token', house.token], {
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      cwd: house.folder,
    });
    const [said, beside] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    return { said, beside, code: await child.exited };
  };
  streamed(30);
  const run = await submit({}, {}, { stream: true });
  const watched = await midwatch('attach', run.id);
  const text = DATA.slice(0, 30).map((_, i) => `w${i} `);
  expect([watched.said.trimEnd(), watched.code]).toEqual([text.join('').trimEnd(), 0]);
  expect(watched.beside).toContain('succeeded');
  const lines = (await midwatch('attach', run.id, '--after', '20', '--json')).said.trim().split('\n');
  const kept = await watchRun(`${house.url}${run.urls.events}`, { after: 20 });
  expect(lines.map((line) => JSON.parse(line))).toEqual(kept);

  up.play({
    status: 200,
    headers: JSON_HEAD,
    framing: 'length',
    parts: [COMPLETION.replace('"stop"', '"length"')],
  });
  const again = JSON.parse((await midwatch('resample', run.id, '--json')).said);
  expect(again).toMatchObject({ resampleOf: run.id });
  expect(again.id).not.toBe(run.id);
  expect(await midwatch('attach', again.id)).toMatchObject({ code: 1 });
  const { rows } = await house.api.audit({ action: 'run.resample' });
  expect(rows[0]).toMatchObject({ subject: run.id, detail: { run: again.id } });
  expect(await midwatch('attach', 'run_nobody')).toMatchObject({ code: 1 });
}, 30_000);

for (const signal of ['SIGKILL', 'SIGTERM'] as const)
  test(`a process ended by ${signal} in the middle: the run is taken up again and ends once, its watchers go on where they were`, async () => {
    streamed(60);
    const run = await submit({}, {}, { stream: true });
    const before = await watchRun(`${house.url}${run.urls.events}`, { take: 10 });
    await house.stop(signal);
    streamed(2);
    house = await house.again();
    const after = await watchRun(`${house.url}${run.urls.events}`, { after: 10 });
    const all = [...before, ...after];
    expect(all.map((e) => e.seq)).toEqual(all.map((_, i) => i + 1));
    expect(await over(run.id)).toMatchObject({ status: 'succeeded', executions: 2 });
    expect(all.filter((e) => e.name === 'run' && JSON.parse(e.data).status === 'succeeded')).toHaveLength(1);
    expect(await watchRun(`${house.url}${run.urls.events}`)).toEqual(all);
    const restart = all.findLastIndex((e) => e.name === 'run' && JSON.parse(e.data).status === 'running');
    expect(
      all
        .slice(restart)
        .filter((e) => e.name === '')
        .map((e) => e.data),
    ).toEqual(DATA);
  }, 30_000);

test('two instances on one database: a yes on either, and of both at once, makes one call; what one leaves behind when it dies, the other takes up; a lease that ran out while we stood still is no second call', async () => {
  const database = await freshDatabase();
  const config = CONFIG(up.port);
  const env = { DATABASE_URL: database.url };
  const one = await product({ config, env });
  const two = await product({ config, env });
  const sql = new SQL(database.url);
  try {
    const ask = async (more: object, { url } = one) => {
      const body = { model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] };
      const answer = await fetch(`${url}/v1/runs`, {
        method: 'POST',
        body: JSON.stringify({ endpoint: '/v1/chat/completions', body, ...more }),
      });
      return (await answer.json()) as Told;
    };
    streamed(2);
    const asked = await ask({ approval: true });
    const said = await Promise.allSettled(
      [one, two, one, two].map(({ api }) => api.runs.approve(asked.id, { reason: 'go' })),
    );
    expect(said.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    // Its watcher is on one gateway, whichever was told.
    expect(JSON.parse((await watchRun(`${one.url}${asked.urls.events}`)).at(-1)?.data ?? '')).toMatchObject({
      status: 'succeeded',
    });
    expect(up.heard.map((h) => h.headers['idempotency-key'])).toEqual([asked.id]);
    up.heard.length = 0;

    streamed(60);
    const run = await ask({});
    // The other one watches what is carried out elsewhere.
    const before = await watchRun(`${two.url}${run.urls.events}`, { take: 8 });
    const first = up.heard.length;
    await one.stop('SIGKILL');
    streamed(2);
    const all = [...before, ...(await watchRun(`${two.url}${run.urls.events}`, { after: 8 }))];
    expect(all.map((e) => e.seq)).toEqual(all.map((_, i) => i + 1));
    expect(JSON.parse(all.at(-1)?.data ?? '{}')).toMatchObject({ status: 'succeeded', execution: 2 });
    expect(up.heard.slice(0, first + 1).map((h) => h.headers['idempotency-key'])).toEqual([run.id, run.id]);

    // As after a pause of the whole process that was longer than a lease: it does not ask a second time what it is still being answered.
    up.heard.length = 0;
    streamed(15);
    const slow = await ask({}, two);
    await until(async () => up.heard.length === 1, 'the call of the run');
    await sql`update runs set lease = 0 where id = ${slow.id}`;
    const next = await ask({}, two);
    for (const { urls } of [next, slow])
      expect(JSON.parse((await watchRun(`${two.url}${urls.events}`)).at(-1)?.data ?? '{}')).toMatchObject({
        status: 'succeeded',
        execution: 1,
      });
    expect(up.heard.map((h) => h.headers['idempotency-key'])).toEqual([slow.id, next.id]);
  } finally {
    await sql.close();
    await one.stop('SIGKILL');
    await two.stop();
    one.remove();
    two.remove();
    await database.drop();
  }
}, 40_000);

test('a key sees its own runs alone, and a revoked one is refused', async () => {
  whole();
  const mine = await house.api.keys.create({ name: 'mine' });
  const other = await house.api.keys.create({ name: 'other' });
  const as = (key: string) => ({ authorization: `Bearer ${key}` });
  const run = await submit({}, as(mine.key));
  expect((await call(`/v1/runs/${run.id}`, { headers: as(other.key) })).status).toBe(404);
  expect((await call(`/v1/runs/${run.id}`)).status).toBe(401);
  const done = await until(async () => {
    const seen = (await (await call(`/v1/runs/${run.id}`, { headers: as(mine.key) })).json()) as Told;
    return seen.status === 'succeeded' && seen;
  }, 'the end');
  const { exchange } = await until(() => house.api.exchanges.get(done.exchange ?? ''), 'the record');
  expect(exchange.who.key).toBe(mine.id);
  expect(up.heard[0]?.headers.authorization).toBe('Bearer x');
}, 15_000);
