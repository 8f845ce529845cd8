import { afterAll, beforeAll, expect, test } from 'bun:test';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ExchangeRow } from '#contracts';
import { lines, workplace } from './testing.ts';

/** The verbs against the product as a user starts it: own process, own Postgres, the simulator behind it. */
const here = workplace();
let product: ReturnType<typeof here.spawn>;
let url = '';
let token = '';

const mw = (...args: string[]) => here.mw(args, { env: { MIDWATCH_URL: url } });
const json = async <T>(...args: string[]): Promise<T> => {
  const { out, err, code } = await mw(...args, '--json');
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${err}`);
  return JSON.parse(out) as T;
};

let key = '';
const ask = (body: object, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
    body: JSON.stringify({
      model: 'sim-instant',
      messages: [{ role: 'user', content: 'What is 17*23?' }],
      ...body,
    }),
  });

/** Records reach the database a moment after the answer reached the caller. */
async function recorded(n: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const { out } = await mw('show', 'last', '--json');
    if (
      out !== '' &&
      (JSON.parse(out) as { exchange: { place: { task?: string } } }).exchange.place.task === `t${n}`
    )
      return;
    await Bun.sleep(100);
  }
  throw new Error(`exchange t${n} never showed`);
}

beforeAll(async () => {
  product = here.spawn(['up', '--port', '0', '--json']);
  for await (const line of lines(product.stdout)) {
    const ready = JSON.parse(line) as { url: string; adminToken: string };
    url = ready.url;
    token = ready.adminToken;
    break;
  }
}, 60_000);

afterAll(async () => {
  product.kill('SIGTERM');
  await product.exited;
  here.remove();
}, 60_000);

test('without a login every verb says how to log in, and a wrong token is not saved', async () => {
  const { code, out, err } = await mw('keys', 'list');
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toContain('Not logged in');
  expect(err).toContain('midwatch login');
  const wrong = await here.mw(['login'], { env: { MIDWATCH_URL: url }, stdin: 'mwa_nonsense\n' });
  expect(wrong.code).toBe(1);
  expect((await mw('keys', 'list')).err).toContain('Not logged in');
});

test('doctor without a login does not call good what it could not see', async () => {
  const { code, out } = await mw('doctor', '--json');
  expect(code).toBe(3);
  expect(JSON.parse(out)).toMatchObject({ verdict: 'unknown', running: true });
});

test('login keeps the token where nobody else reads it', async () => {
  const { code, out } = await here.mw(['login'], { env: { MIDWATCH_URL: url }, stdin: `${token}\n` });
  expect(code).toBe(0);
  expect(out).toContain('as admin');
  expect(out).not.toContain(token);
  const file = join(here.folder, 'xdg', 'midwatch', 'login.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('keys: made once, listed without itself, revoked', async () => {
  expect((await mw('keys', 'list')).out).toContain('No key exists');
  const made = await json<{ id: string; key: string; name: string }>(
    'keys',
    'create',
    'app',
    '--owner',
    'ada',
  );
  expect(made.key).toMatch(/^mw_[A-Za-z0-9]{40,}$/);
  key = made.key;
  const second = await mw('keys', 'create', 'other', '--expires', '90d');
  expect(second.out).toMatch(/^mw_/);
  const listed = await mw('keys', 'list');
  expect(listed.out).toContain('app');
  expect(listed.out).not.toContain(made.key);
  expect(await mw('keys', 'revoke', 'other')).toMatchObject({ code: 0 });
  expect((await mw('keys', 'list')).out).toContain('revoked');
  expect(await mw('keys', 'revoke', 'nobody')).toMatchObject({ code: 1 });
  expect(await mw('keys', 'create', 'late', '--expires', 'soon')).toMatchObject({ code: 2 });
});

test('tokens: a viewer reads and may not change, and the audit tells who did what', async () => {
  expect((await mw('tokens', 'list')).out).toContain('Only the admin token exists');
  const { token } = await json<{ token: string }>('token', 'create', 'ada', '--role', 'viewer');
  expect(token).toMatch(/^mwa_/);
  expect(await mw('tokens', 'create', 'ada')).toMatchObject({ code: 1 });
  expect(await mw('tokens', 'create', 'eve', '--role', 'captain')).toMatchObject({ code: 2 });
  const ada = (...args: string[]) => here.mw([...args, '--token', token], { env: { MIDWATCH_URL: url } });
  expect((await ada('keys', 'list')).out).toContain('app');
  const refused = await ada('keys', 'create', 'hers');
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('needs the role admin; ada is viewer');
  expect((await mw('tokens', 'list')).out).toContain('viewer');
  expect(await mw('tokens', 'revoke', 'ada')).toMatchObject({ code: 0 });
  expect((await ada('keys', 'list')).code).toBe(1);
  const entries = (await mw('audit', '--json', '--actor', 'admin')).out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { action: string }).action);
  expect(entries).toEqual(['token.revoke', 'token.create', 'key.revoke', 'key.create', 'key.create']);
  const first = await mw('audit', '--actor', 'midwatch up');
  expect(first.out).toContain('token.create');
  expect((await mw('audit', '--limit', '2', '--json')).out.trim().split('\n')).toHaveLength(2);
});

test('tail: one JSON object a line in a pipe, filtered, and an end at a signal', async () => {
  const child = here.spawn(['tail', '--outcome', 'bad'], { env: { MIDWATCH_URL: url } });
  const rows = lines(child.stdout);
  const first = rows.next();
  // Whether the stream stands yet is not known from outside, so both are asked until one arrives.
  let arrived = false;
  void first.then(() => {
    arrived = true;
  });
  for (let i = 0; !arrived && i < 100; i++) {
    await ask({});
    await ask({ max_tokens: 1 });
    await Bun.sleep(50);
  }
  const row = JSON.parse((await first).value as string) as ExchangeRow & { type: string };
  expect(row).toMatchObject({ type: 'exchange', outcome: 'length', route: 'simulator' });
  child.kill('SIGINT');
  expect(await child.exited).toBe(0);
});

test('tail: a closed reader is an end, not an error', async () => {
  const child = Bun.spawn(
    ['sh', '-c', `"${process.execPath}" "${join(import.meta.dir, 'main.ts')}" tail | head -1`],
    {
      env: { PATH: process.env.PATH ?? '', XDG_CONFIG_HOME: join(here.folder, 'xdg'), MIDWATCH_URL: url },
      stdout: 'pipe',
      stderr: 'pipe',
    },
  );
  let over = false;
  void child.exited.then(() => {
    over = true;
  });
  for (let i = 0; !over && i < 200; i++) {
    await ask({});
    await Bun.sleep(50);
  }
  expect(await new Response(child.stderr).text()).toBe('');
  expect((await new Response(child.stdout).text()).trim().split('\n')).toHaveLength(1);
});

test('show: by last, by the end of an id, its attempts, its ask, a curl line that works', async () => {
  const answer = await ask({}, { 'x-midwatch-task': 't1', 'x-midwatch-feature': 'search' });
  const id = answer.headers.get('x-midwatch-exchange') as string;
  await recorded(1);
  const shown = await mw('show', 'last');
  expect(shown.code).toBe(0);
  for (const text of [id, 'What is 17*23?', '391', 'feature search', 'complete', 'primary'])
    expect(shown.out).toContain(text);
  const detail = await json<{ exchange: { id: string; attempts: unknown[] } }>('show', id.slice(-8));
  expect(detail.exchange.id).toBe(id);
  expect(await json<unknown[]>('show', id, '--attempts')).toEqual(detail.exchange.attempts);
  expect(await json<object>('show', id, '--ask')).toMatchObject({ model: 'sim-instant' });
  const { out: curl } = await mw('show', id, '--curl');
  const again = Bun.spawn(['sh', '-c', curl.replace('curl ', 'curl -s ')], {
    env: { PATH: process.env.PATH ?? '', MIDWATCH_KEY: key },
    stdout: 'pipe',
    stderr: 'inherit',
  });
  expect(await new Response(again.stdout).text()).toContain('391');
  expect(await mw('show', 'ffffffff')).toMatchObject({ code: 1, out: '' });
  expect(await mw('show', 'not an id')).toMatchObject({ code: 1, out: '' });
});

test('routes: listed, and one as a list of steps', async () => {
  expect((await mw('routes')).out).toContain('simulator');
  const { out } = await mw('routes', 'show', 'simulator');
  for (const step of ['match', 'admit', 'try', 'relay', 'record']) expect(out).toContain(step);
  expect(await json<{ name: string }>('routes', 'show', 'simulator')).toMatchObject({ name: 'simulator' });
  const unknown = await mw('routes', 'show', 'nope');
  expect(unknown.code).toBe(1);
  expect(unknown.err).toContain('simulator');
});

test('providers, quota, budgets, spend: what is known, in words and as JSON, and 3 where nothing is', async () => {
  const known = await mw('providers');
  expect(known.code).toBe(0);
  expect(known.out).toContain('simulator/sim-instant');
  expect(known.out).toContain('Answers come as they normally do.');
  for (let i = 0; i < 8; i++) await ask({ model: 'sim-fault-status-503' });
  const broken = await mw('providers');
  expect({ code: broken.code, down: broken.out.includes('✗ down') }).toEqual({ code: 1, down: true });
  expect(broken.out.indexOf('sim-fault-status-503')).toBeLessThan(broken.out.indexOf('sim-instant'));
  for (const verb of ['quota', 'budgets']) {
    const { code, out } = await mw(verb);
    expect({ verb, code }).toEqual({ verb, code: 3 });
    expect(out).toContain('midwatch.yaml');
  }
  const week = await mw('latency', 'profile');
  expect({ code: week.code, says: week.out.includes('nothing was learnt yet') }).toEqual({
    code: 3,
    says: true,
  });
  await (await ask({ stream: true })).text();
  const learning = await mw('latency', 'profile', 'simulator');
  expect(learning.code).toBe(3);
  for (const text of ['simulator/sim-instant', 'America/New_York', 'when four weeks are known'])
    expect(learning.out).toContain(text);
  expect(await mw('latency', 'profile', '/sim')).toMatchObject({ code: 2 });
  const unknown = { code: 1, out: '', err: expect.stringContaining('simulator') };
  expect(await mw('latency', 'profile', 'nope')).toMatchObject(unknown);
  expect(await mw('shadow', 'report', 'nope')).toMatchObject(unknown);
  expect(await mw('shadow', 'report', 'simulator')).toMatchObject({ code: 3 });
  const spent = await mw('spend', '--by', 'feature', '--since', '1h');
  expect(spent.code).toBe(0);
  for (const text of ['search', 'no feature', 'all']) expect(spent.out).toContain(text);
  const report = await json<{ total: { attempts: number }; rows: { attempts: number }[] }>('spend');
  expect(report.rows.reduce((sum, row) => sum + row.attempts, 0)).toBe(report.total.attempts);
  expect(await mw('spend', '--by', 'colour')).toMatchObject({ code: 2 });
});

test('a route that there is not is bad, one that has not what a verb reads has no verdict; the remedy is a line to type', async () => {
  const known = await json<{ name: string }>('routes', 'show', 'simulator');
  const without = [
    ['ramp', 'status'],
    ['ramp', 'plan'],
    ['router', 'report'],
    ['fallback', 'status'],
  ];
  for (const verb of without) {
    expect({ verb, ...(await mw(...verb, 'nope')) }).toMatchObject({
      verb,
      code: 1,
      err: expect.stringContaining(known.name),
    });
    expect({ verb, ...(await mw(...verb, known.name)) }).toMatchObject({ verb, code: 3 });
  }
  expect(await mw('tiers', 'report', '--route', 'nope')).toMatchObject({ code: 1 });
  expect(await mw('tiers', 'report', '--route', known.name)).toMatchObject({ code: 3 });
  for (const [route, hint] of [
    ['nope', 'Known routes'],
    [known.name, 'demotions'],
  ] as const) {
    const { code, err } = await mw('tiers', 'end', route, 'nope');
    expect(code).toBe(1);
    expect(err).toContain(hint);
    expect(err).not.toContain('/api/');
  }
  expect(await mw('ramp', 'advance', 'nope')).toMatchObject({
    code: 1,
    err: expect.stringContaining('Known'),
  });
});

test('reload: nothing has changed, and the audit has it', async () => {
  expect(await mw('reload')).toMatchObject({ code: 0, out: 'nothing has changed\n' });
  expect((await mw('audit', '--action', 'reload', '--json')).out).toContain('"actor":"admin"');
});

test('doctor, logged in: nothing to mend, what is down, and a note that answers are simulated', async () => {
  const { code, out } = await mw('doctor', '--json');
  const { verdict, findings } = JSON.parse(out) as {
    verdict: string;
    findings: { level: string; area: string; what: string }[];
  };
  expect({ code, verdict }).toEqual({ code: 0, verdict: 'good' });
  expect(findings.filter((f) => f.level === 'bad' || f.level === 'unknown')).toEqual([]);
  expect(findings.filter((f) => f.level === 'warn').map((f) => f.what)).toEqual(
    expect.arrayContaining([expect.stringMatching(/^sim-fault-status-503 .* is down$/)]),
  );
  expect(findings.map((f) => f.area)).toEqual(
    expect.arrayContaining(['midwatch', 'spool', 'database', 'data folder', 'clock']),
  );
});

test('logout forgets', async () => {
  expect(await mw('logout')).toMatchObject({ code: 0 });
  expect((await mw('routes')).err).toContain('Not logged in');
});
