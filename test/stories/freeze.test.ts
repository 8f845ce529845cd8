import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freshDatabase } from '#store/testing';
import { type Product, product, until } from '../support/product.ts';
import { type SimulatorAt, simulatorAt } from '../support/simulator.ts';

const MIDWATCH = join(import.meta.dir, '..', '..', 'bin', 'midwatch');

/** Two gateways on one database: what one freezes the other holds, also against its own file and over a restart. */
setDefaultTimeout(60_000);

const text = (sim: string, { model = 'sim-instant', more = '' } = {}) => `providers:
  up: { protocol: openai, baseUrl: ${sim}/v1, apiKey: x, free: true }
routes:
  chat:
    match: { model: chat }
    tiers: [{ name: primary, targets: [{ provider: up, model: ${model} }] }]
    shadow: { target: { provider: up, model: sim-steady }, share: 1, maxPerSecond: 100, concurrency: 50 }
${more}`;

let sim: SimulatorAt;
let database: Awaited<ReturnType<typeof freshDatabase>>;
let a: Product;
let b: Product;
beforeAll(async () => {
  sim = simulatorAt();
  database = await freshDatabase();
  const env = { DATABASE_URL: database.url };
  a = await product({ config: text(sim.url), env });
  b = await product({ config: text(sim.url), env });
});
afterAll(async () => {
  for (const house of [a, b]) {
    await house?.stop();
    house?.remove();
  }
  sim?.stop();
  await database?.drop();
});

const edit = (house: Product, yaml: string) => writeFileSync(join(house.folder, 'midwatch.yaml'), yaml);
const ask = async (house: Product, headers: Record<string, string> = {}) => {
  const response = await fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model: 'chat', messages: [{ role: 'user', content: 'in 5 words' }] }),
  });
  const { model } = (await response.json()) as { model: string };
  return { response, model };
};

test('copies are money and pairs, and no traffic', async () => {
  for (let i = 0; i < 5; i++) await ask(a);
  const { api } = a;
  const report = await until(async () => {
    const { rows } = await api.shadows();
    return rows[0]?.pairs === 5 && rows[0];
  }, 'five pairs');
  expect(report).toMatchObject({
    route: 'chat',
    target: 'up/sim-steady',
    good: { both: { count: 5, n: 5 } },
    agree: { end: { count: 5, n: 5 } },
  });
  const watch = await api.watch();
  expect(watch.totals.exchanges).toBe(5);
  expect(watch.byTarget.map(({ target }) => target)).toEqual(['up/sim-instant']);
  expect(watch.changes.map(({ value }) => value)).not.toContain('sim-steady');
  expect((await api.exchanges.list()).rows).toHaveLength(5);
  const { rows } = await api.exchanges.list({ source: 'shadow' });
  expect(rows).toHaveLength(5);
  expect((await api.exchanges.list({ source: 'all' })).rows).toHaveLength(10);
  const copy = await api.exchanges.get(rows[0]?.id ?? '');
  const original = await api.exchanges.get(copy.exchange.place.parent ?? '');
  expect(original.exchange).toMatchObject({ source: 'gateway', route: 'chat' });
  const spend = await api.spend({ by: 'cause' });
  expect(spend.rows.map(({ name, attempts }) => [name, attempts]).sort()).toEqual([
    ['first', 5],
    ['shadow', 5],
  ]);
});

test('a freeze is in force on every gateway within two seconds, and a change is refused with its reason', async () => {
  const held = await a.api.routes.freeze('chat', { reason: 'incident 12' });
  expect(held).toMatchObject({ route: 'chat', by: 'admin', reason: 'incident 12', waiting: [] });
  const began = performance.now();
  const headers = await until(async () => {
    const { response } = await ask(b);
    return response.headers.get('x-midwatch-frozen') === held.version && response.headers;
  }, 'the freeze');
  expect(performance.now() - began).toBeLessThan(2_000);
  const id = headers.get('x-midwatch-exchange') ?? '';
  const { exchange } = await until(() => a.api.exchanges.get(id), 'the record');
  expect(exchange.verdicts).toEqual([
    { guard: 'freeze', version: 1, decision: 'pass', evidence: held.version },
  ]);
  expect(await a.api.routes.get('chat')).toMatchObject({ frozen: { version: held.version, by: 'admin' } });

  edit(a, text(sim.url, { model: 'sim-steady' }));
  await expect(a.api.reload()).rejects.toMatchObject({
    code: 'not_reloaded',
    message: expect.stringMatching(
      /routes\.chat: changed, and the route is frozen by admin since .*Z \(incident 12\); `midwatch thaw chat` first/,
    ),
  });
  expect((await ask(a)).model).toBe('sim-instant');
  // What does not touch it goes through.
  const late = '  late: { match: { model: late }, tiers: [{ name: only, reply: "Later." }] }\n';
  edit(a, text(sim.url, { more: late }));
  expect((await a.api.reload()).changed.some((line) => line.startsWith('routes.late'))).toBe(true);
  // Nothing of it is copied any more; what was copied before may still be on its way into the record.
  const { asked = 0 } = (await a.api.shadows()).now[0] ?? {};
  for (let i = 0; i < 5; i++) await ask(a);
  expect((await a.api.shadows()).now).toMatchObject([{ asked, underWay: 0 }]);
});

test('it outlives a restart with another file, shows what moved, and ends with a thaw', async () => {
  edit(b, text(sim.url, { model: 'sim-steady' }));
  await b.stop();
  b = await b.again({ config: text(sim.url, { model: 'sim-steady' }) });
  expect((await ask(b)).model).toBe('sim-instant');
  await ask(a, { 'x-midwatch-prompt': 'v2' });
  const moved = await until(async () => {
    const [view] = await a.api.freezes();
    return view?.moved && view.moved.length > 0 && view.moved;
  }, 'what moved');
  expect(moved.map(({ subject, value }) => `${subject} ${value}`)).toContain('declared.prompt v2');
  const { attention } = await a.api.watch();
  expect(attention.map(({ what }) => what)).toContain('chat is frozen, and what is sent to it has moved');

  await a.api.routes.thaw('chat');
  await until(async () => (await ask(b)).model === 'sim-steady', 'the thaw');
  expect((await ask(a)).model).toBe('sim-instant');
  await expect(a.api.routes.thaw('chat')).rejects.toMatchObject({ code: 'not_found' });
  const { rows } = await a.api.audit({ action: 'route.freeze' });
  expect(rows).toMatchObject([{ actor: 'admin', subject: 'chat', detail: { reason: 'incident 12' } }]);
});

test('a change that was refused while a route was frozen comes with the thaw', async () => {
  await a.api.routes.freeze('chat', {});
  edit(a, text(sim.url, { model: 'sim-steady' }));
  await expect(a.api.reload()).rejects.toMatchObject({ code: 'not_reloaded' });
  expect((await ask(a)).model).toBe('sim-instant');
  await a.api.routes.thaw('chat');
  await until(async () => (await ask(a)).model === 'sim-steady', 'what was refused');
  edit(a, text(sim.url, {}));
  await a.api.reload();
  expect((await ask(a)).model).toBe('sim-instant');
});

test('a version that was in force before can be taken back', async () => {
  const versions = await until(async () => {
    const all = await a.api.routes.versions('chat');
    return all.length >= 2 && all;
  }, 'two versions');
  const other = versions.find(({ inForce }) => !inForce);
  if (!other) throw new Error('a version is not in force');
  expect(other.differs.join()).toContain('sim-instant');
  const held = await a.api.routes.freeze('chat', { to: other.version });
  expect(held.waiting.join()).toContain('sim-steady');
  expect((await ask(a)).model).toBe('sim-steady');
  await expect(a.api.routes.freeze('chat', { to: 'nosuch' })).rejects.toMatchObject({ code: 'not_frozen' });
  await a.api.routes.thaw('chat');
  expect((await ask(a)).model).toBe('sim-instant');
});

test('the verbs say the same', async () => {
  const mw = async (...args: string[]) => {
    const child = Bun.spawn([MIDWATCH, ...args, '--url', a.url, '--token', a.token], {
      cwd: a.folder,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    return { out, err, code: await child.exited };
  };
  expect((await mw('freeze', 'chat', '--reason', 'by hand')).out).toContain('chat is held at');
  const listed = await mw('freeze', '--list');
  expect(listed).toMatchObject({ code: 0, out: expect.stringContaining('by hand') });
  expect((await mw('freeze', 'chat', '--versions')).out).toContain('in force');
  expect((await mw('thaw', 'chat')).out).toContain('admin had frozen it');
  expect((await mw('freeze', '--list')).out).toContain('no route is frozen');
  expect(await mw('freeze', 'nosuch')).toMatchObject({ code: 1 });
  expect(await mw('freeze')).toMatchObject({ code: 2 });
  const report = await mw('shadow', 'report', 'chat');
  expect(report).toMatchObject({ code: 0, out: expect.stringContaining('copied to up/sim-steady') });
  expect(await mw('shadow', 'report', 'nosuch')).toMatchObject({ code: 1 });
});
