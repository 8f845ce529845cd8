import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Product, product, until } from '../support/product.ts';

/** Starts that cannot be: one sentence, the remedy, exit code 1, nothing left running. */
setDefaultTimeout(60_000);
const ROOT = join(import.meta.dir, '..', '..');
/** Of its own, since the usual one may be anybody's, and whoever has to take another says so as a warning. */
const ANY_PORT = 'simulator: { port: 0 }\n';
const folders: string[] = [];
/** One house for all: which is stopped, started again, and broken in the end. */
let house: Product;
beforeAll(async () => {
  house = await product({ config: ANY_PORT });
});
afterAll(async () => {
  await house.stop();
  house.remove();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
const fresh = () => {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-start-'));
  folders.push(folder);
  return folder;
};

async function attempt(
  folder: string,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
) {
  const { DATABASE_URL: _, ...rest } = process.env;
  const child = Bun.spawn([join(ROOT, 'bin', 'midwatch'), 'up', '--port', '0', ...flags], {
    cwd: folder,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    env: { ...rest, ...env },
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  // What it logged on the way is one JSON object a line; what it says to a person is not.
  return { code, out, said: err.split('\n').filter((line) => line !== '' && !line.startsWith('{')) };
}

test('a taken port, by another Midwatch too', async () => {
  const second = await attempt(fresh(), ['--port', new URL(house.url).port]);
  expect([second.code, second.said.length]).toEqual([1, 2]);

  const other = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('mine') });
  const { code, said } = await attempt(fresh(), ['--port', String(other.port)]);
  expect(code).toBe(1);
  expect(said).toHaveLength(2);
  expect(said[0]).toContain(`Port ${other.port}`);
  expect(said[1]).toContain('--port');
  await other.stop(true);
});

test('a configuration with mistakes: all of them, each with its line', async () => {
  const folder = fresh();
  writeFileSync(
    join(folder, 'midwatch.yaml'),
    'lisen: { port: 1 }\nroutes:\n  a:\n    tiers: [{ name: x, targets: [{ provider: nobody }] }]\n    recrd: none\n',
  );
  const { code, said } = await attempt(folder);
  expect(code).toBe(1);
  expect(said.join('\n')).toContain('midwatch.yaml:1: lisen: unknown key; did you mean "listen"?');
  expect(said.join('\n')).toContain('midwatch.yaml:5: routes.a.recrd: unknown key; did you mean "record"?');
});

test('a configuration that is named but not there', async () => {
  const { code, said } = await attempt(fresh(), ['--config', 'other.yaml']);
  expect(code).toBe(1);
  expect(said.join('\n')).toContain('there is no such file');
});

test('a data folder in use by another instance', async () => {
  const { code, said } = await attempt(house.folder);
  expect(code).toBe(1);
  expect(said[0]).toContain('in use by another Midwatch');
  expect(said).toHaveLength(2);
});

test('a database that is not there, or not ours', async () => {
  const nobody = await attempt(fresh(), [], {
    DATABASE_URL: 'postgres://u:secret-password@127.0.0.1:9/none',
  });
  expect(nobody.code).toBe(1);
  expect(nobody.said).toHaveLength(2);
  expect(nobody.said[0]).toContain('127.0.0.1:9/none');
  expect(nobody.said.join()).not.toContain('secret-password');
  for (const url of ['mysql://u:secret-password@127.0.0.1/x', 'the-database']) {
    const other = await attempt(fresh(), [], { DATABASE_URL: url });
    expect([other.code, other.said.length]).toEqual([1, 2]);
    expect(other.said[1]).toContain('postgres://user:password@');
    expect(other.said.join()).not.toContain('secret-password');
  }
});

test('a listener beyond loopback wants a key first, and makes one on request', async () => {
  const folder = fresh();
  const refused = await attempt(folder, ['--host', '0.0.0.0']);
  expect(refused.code).toBe(1);
  expect(refused.said.join('\n')).toContain('--create-key');
  // The refused start has made an admin token and shown it to nobody; this one makes another.
  const open = await product({ folder, flags: ['--host', '0.0.0.0', '--create-key', 'first'] });
  expect(open.token).toStartWith('mwa_');
  expect((await open.api.me()).role).toBe('admin');
  const port = new URL(open.url).port;
  const ask = {
    method: 'POST',
    body: JSON.stringify({ model: 'sim', messages: [{ role: 'user', content: 'hi' }] }),
  };
  expect((await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, ask)).status).toBe(401);
  await open.stop();
});

test('SIGTERM lets a stream finish and refuses what is new', async () => {
  const ask = (content: string) =>
    fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({
        model: 'sim-slow',
        stream: true,
        max_tokens: 20,
        messages: [{ role: 'user', content }],
      }),
    });
  const response = await ask('Tell me of the sea.');
  const ended = house.stop('SIGTERM');
  const text = await response.text();
  expect(text).toContain('[DONE]');
  expect(text).not.toContain('"error"');
  expect(await ended).toBe(0);
  house = await house.again();
  const id = response.headers.get('x-midwatch-exchange') ?? '';
  const detail = await until(() => house.api.exchanges.get(id), 'the record of the last stream');
  expect(detail.exchange.outcome).toMatch(/complete|length/);
});

test('npm start ends when npm is told to, streams first, and a Ctrl-C that comes twice is one', async () => {
  const folder = fresh();
  const npm = Bun.spawn(['npm', 'start', '--prefix', ROOT, '--', '--json', '--port', '0', '--data', folder], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
  });
  const out = npm.stdout.getReader();
  let said = '';
  while (!said.includes('"ready"')) {
    const { value, done } = await out.read();
    if (done) break;
    said += new TextDecoder().decode(value);
  }
  const { url } = JSON.parse(said.slice(said.indexOf('{'))) as { url: string };
  const ask = {
    model: 'sim-slow',
    stream: true,
    max_tokens: 20,
    messages: [{ role: 'user', content: 'Tell.' }],
  };
  const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(ask) });
  npm.kill('SIGINT');
  npm.kill('SIGINT');
  expect(await answer.text()).toContain('[DONE]');
  await npm.exited;
  expect(await fetch(`${url}/healthz`).catch(() => 'gone')).toBe('gone');
});

test('a stop in good order complains of nothing, and when a key was last used is known after it', async () => {
  const { key, id } = await house.api.keys.create({ name: 'app' });
  const answer = await fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: 'sim-instant', messages: [{ role: 'user', content: 'Hello.' }] }),
  });
  expect(answer.status).toBe(200);
  await answer.text();
  expect(await house.stop('SIGTERM')).toBe(0);
  expect(house.log()).not.toMatch(/"level":"(warn|error)"/);
  house = await house.again();
  const kept = (await house.api.keys.list()).find((one) => one.id === id);
  expect(kept?.lastUsedAt).toBeGreaterThan(0);
});

test('told to end while its database hangs, it ends in good order', async () => {
  const asked = Promise.withResolvers<void>();
  const silent = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: { open: () => asked.resolve(), data: () => undefined },
  });
  const child = Bun.spawn([join(ROOT, 'bin', 'midwatch'), 'up', '--port', '0'], {
    cwd: fresh(),
    stdio: ['ignore', 'ignore', 'ignore'],
    env: { ...process.env, DATABASE_URL: `postgres://u:p@127.0.0.1:${silent.port}/x` },
  });
  await asked.promise;
  child.kill('SIGTERM');
  expect(await child.exited).toBe(0);
  silent.stop(true);
});

test('a path that nobody serves is refused in the dialect it belongs to, header or not', async () => {
  const told = async (path: string, headers = {}) => {
    const answer = await fetch(`${house.url}${path}`, { method: 'POST', headers, body: '{}' });
    return { status: answer.status, ...((await answer.json()) as object) };
  };
  const anthropic = { status: 404, type: 'error', error: { type: 'not_found_error' } };
  const openai = { status: 404, error: { type: 'invalid_request_error', code: 'unknown_url' } };
  expect(await told('/v1/messages/batches')).toMatchObject(anthropic);
  expect(await told('/v1/complete', { 'anthropic-version': '2023-06-01' })).toMatchObject(anthropic);
  expect(await told('/v1/images')).toMatchObject(openai);
  expect(await told('/v1/messagess')).toMatchObject(openai);
});

test.if(existsSync('/dev/full'))(
  'a disk without space for the database: served all the same, and found when there is room',
  async () => {
    const { key } = await house.api.keys.create({ name: 'in a tight place' });
    await house.stop();
    // The first thing that a server writes. Its own words for a full disk, without filling anybody's.
    const first = join(house.folder, '.midwatch', 'postgres', 'cluster', 'postmaster.opts');
    rmSync(first);
    symlinkSync('/dev/full', first);
    house = await house.again();
    const answer = await fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify({ model: 'sim', messages: [{ role: 'user', content: 'still there?' }] }),
    });
    expect(answer.status).toBe(200);
    expect((await house.api.system()).database).toMatchObject({
      state: 'down',
      trouble: expect.stringContaining('The disk of the database is full'),
    });
    rmSync(first);
    await until(async () => (await house.api.system()).database.state === 'up', 'the database');
    const asked = answer.headers.get('x-midwatch-exchange');
    await until(
      async () => (await house.api.exchanges.list({ limit: 1 })).rows[0]?.id === asked,
      'its record',
    );
  },
);

test('a broken cluster', async () => {
  await house.stop();
  rmSync(join(house.folder, '.midwatch', 'postgres', 'cluster', 'global'), { recursive: true });
  const { code, said } = await attempt(house.folder);
  expect(code).toBe(1);
  expect(said).toHaveLength(2);
});
