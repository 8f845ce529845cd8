import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExchangeRow } from '#contracts';
import { readExposition } from '#metrics/testing';
import { type Product, product, until } from '../support/product.ts';
import { type Provider, provider } from '../support/provider.ts';

/**
 * Three gateway threads on one port. A caller cannot tell which one he meets: they count in one book, know the same keys, heed
 * the same configuration, keep one answer for one idempotency key, and what any of them served is in the record.
 */
setDefaultTimeout(200_000);
const THREADS = 3;

let up: Provider;
let spare: Provider;
let house: Product;
let key: string | undefined;

const config = (more: { readonly threads?: number; readonly idle?: string } = {}) => `
gateway: { threads: ${more.threads ?? THREADS} }
providers:
  up: { protocol: openai, baseUrl: "${up.url}", apiKey: sk-up, prices: { m-1: { input: 1, output: 1 } } }
  narrow:
    protocol: openai
    baseUrl: "${up.url}"
    apiKey: sk-narrow
    prices: { m-1: { input: 1, output: 1 } }
    quota: { requestsPerMinute: 60, burst: 5s, headroom: 1 }
  spare: { protocol: openai, baseUrl: "${spare.url}", apiKey: sk-spare, prices: { m-1: { input: 1, output: 1 } } }
routes:
  chat:
    match: { model: m }
    timeouts: { idle: ${more.idle ?? '30s'} }
    tiers:
      - { name: primary, targets: [{ provider: up, model: m-1 }] }
      - { name: fallback, targets: [{ provider: spare, model: m-1 }] }
  narrow:
    match: { model: narrow }
    tiers: [{ name: primary, targets: [{ provider: narrow, model: m-1 }] }]
  steered:
    match: { model: steered }
    tiers:
      - { name: primary, targets: [{ provider: up, model: m-1 }] }
      - { name: small, targets: [{ provider: spare, model: m-1 }] }
    demotions:
      - { id: cut, from: primary, to: small, owner: ana, reason: flag, maxShare: 0.25, expiresAt: '2099-01-01' }
budgets:
  team: { per: tenant, hard: 0.002 }
`;

beforeAll(async () => {
  up = provider();
  spare = provider();
  house = await product({ config: config() });
});
afterAll(async () => {
  await house.stop();
  house.remove();
  up.stop();
  spare.stop();
});

/** Each on a connection of its own, so that the kernel may deal it to any thread. */
const ask = (headers: Record<string, string> = {}, model = 'm') =>
  fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      connection: 'close',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...headers,
    },
    body: JSON.stringify({ model, max_tokens: 20, messages: [{ role: 'user', content: 'Well?' }] }),
  });
const statuses = async (n: number, headers?: Record<string, string>, model?: string) => {
  const answers = await Promise.all(
    Array.from({ length: n }, async () => {
      const answer = await ask(headers, model);
      await answer.text();
      return answer.status;
    }),
  );
  const count = new Map<number, number>();
  for (const status of answers) count.set(status, (count.get(status) ?? 0) + 1);
  return Object.fromEntries(count) as Record<number, number>;
};
const rows = async (filter: { readonly tenant?: string } = {}) => {
  const found: ExchangeRow[] = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await house.api.exchanges.list({
      ...filter,
      limit: 500,
      ...(cursor !== undefined && { cursor }),
    });
    found.push(...page.rows);
    cursor = page.next;
  }
  return found;
};
/** Asks until every thread has been met, as its count of requests tells. */
const served = async () => (await house.api.system()).threads?.map(({ requests }) => requests) ?? [];

test('all threads serve, and the control plane is the same behind every connection', async () => {
  // Which connection goes to which thread is the kernel's lot; the first thread is what the others leave.
  await until(async () => {
    await statuses(20);
    const counts = await served();
    const { gateway } = await house.api.system();
    const others = counts.reduce((sum, n) => sum + n, 0);
    return counts.length === THREADS - 1 && counts.every((n) => n > 0) && gateway.requests > others;
  }, 'every thread to be met');
  for (let i = 0; i < 12; i++) {
    const page = await fetch(`${house.url}/`, { headers: { connection: 'close' } });
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<!doctype html>');
  }
  const { threads } = await house.api.system();
  expect(threads?.map(({ state, restarts }) => [state, restarts])).toEqual([
    ['serving', 0],
    ['serving', 0],
  ]);
  expect((await house.doctor()).filter(({ area }) => area === 'threads')).toMatchObject([
    { level: 'good', what: '3 gateway threads serve' },
  ]);
});

test('200 clients race for one budget: never over, and ledger = records = the bill of the provider', async () => {
  up.forget();
  let good = 0;
  let rounds = 0;
  // Whoever was refused because others had reserved the rest comes again, until nobody is served any more.
  for (let some = true; some; rounds++) {
    const count = await statuses(200, { 'x-midwatch-tenant': 'blue' });
    some = (count[200] ?? 0) > 0;
    good += count[200] ?? 0;
    expect((count[200] ?? 0) + (count[402] ?? 0)).toBe(200);
  }
  // Ten tokens in and two out, at a dollar a million.
  const bill = up.calls.length * 12;
  expect(bill).toBe(good * 12);
  expect(bill).toBeLessThanOrEqual(2_000);
  const blue = await until(async () => {
    const found = (await house.api.budgets()).find(({ value }) => value === 'blue');
    return found?.reserved === 0 && found;
  }, 'all to be settled');
  expect(blue.settled).toBe(bill);
  const recorded = await until(async () => {
    const found = await rows({ tenant: 'blue' });
    return found.length === 200 * rounds && found;
  }, 'the record');
  expect(recorded.reduce((sum, row) => sum + row.microUsd, 0)).toBe(bill);
  console.log(`200 clients, ${rounds} rounds: ${good} served for ${bill} of 2000 micro-dollars`);
  // And nobody is refused while there is room: one more would have reserved more than is left.
  expect(2_000 - bill).toBeLessThan(60);
});

test('a quota is one line for all threads', async () => {
  const count = await statuses(60, { 'x-midwatch-deadline-ms': '400' }, 'narrow');
  console.log(`${count[200]} of 60 served where five seconds of one a second may be used at once`);
  expect(count[200]).toBeGreaterThanOrEqual(3);
  expect(count[200]).toBeLessThanOrEqual(6);
  expect((count[200] ?? 0) + (count[429] ?? 0)).toBe(60);
});

test('a rule of demotion takes its share of all threads together', async () => {
  const tiers = await Promise.all(
    Array.from({ length: 200 }, async () => (await ask({}, 'steered')).headers.get('x-midwatch-tier')),
  );
  const taken = tiers.filter((tier) => tier === 'small').length;
  const met = await served();
  console.log(`${taken} of 200 demoted where a quarter may be`);
  expect(Math.abs(taken - 50)).toBeLessThanOrEqual(1);
  expect(met.every((n) => n > 0)).toBe(true);
  const [rule] = await house.api.demotions.list();
  expect(rule).toMatchObject({ id: 'cut' });
});

test('one idempotency key is one call, wherever its retries come in', async () => {
  up.forget();
  const answers = await Promise.all(
    Array.from({ length: 30 }, async () =>
      (await ask({ 'idempotency-key': 'one' })).headers.get('x-midwatch-exchange'),
    ),
  );
  expect(new Set(answers).size).toBe(1);
  expect(up.calls).toHaveLength(1);
});

test('a target that one thread finds down is avoided by all, and what its fallback shows counts for all', async () => {
  spare.forget();
  up.down(true);
  await statuses(30);
  await Bun.sleep(500);
  up.forget();
  for (let i = 0; i < 3; i++) expect(await statuses(20)).toEqual({ 200: 20 });
  // What the fallback showed on any thread is known on the first.
  const fallen = spare.calls.length;
  await until(async () => {
    const edge = (await house.api.fallbacks.list()).find(({ route }) => route === 'chat');
    return edge?.exercised.n === fallen;
  }, 'all answers of the fallback to count');
  expect((await house.api.system()).threads?.every(({ restarts }) => restarts === 0)).toBe(true);
  // A probe may have been due meanwhile: one, not one a thread.
  expect(up.calls.length).toBeLessThanOrEqual(1);
  up.down(false);
  await until(
    async () => {
      await statuses(20);
      return up.calls.length > 20;
    },
    'traffic to return',
    60_000,
  );
});

test('whoever watches sees what any thread serves', async () => {
  const heard = new Set<string>();
  const leaving = new AbortController();
  const watching = (async () => {
    for await (const said of house.api.live({}, { signal: leaving.signal }))
      if (said.type === 'exchange') heard.add(said.row.id);
  })().catch(() => undefined);
  await until(async () => {
    await statuses(5);
    return heard.size > 0;
  }, 'the watcher to be heard');
  heard.clear();
  const ids = await Promise.all(
    Array.from({ length: 40 }, async () => (await ask()).headers.get('x-midwatch-exchange') as string),
  );
  await until(async () => ids.every((id) => heard.has(id)), 'all forty to be seen');
  leaving.abort();
  await watching;
});

test('what Prometheus reads is of all threads together', async () => {
  const { said, recorded } = await until(async () => {
    const answer = await fetch(`${house.url}/metrics`, {
      headers: { authorization: `Bearer ${house.token}` },
    });
    const said = readExposition(await answer.text());
    const recorded = await rows();
    return said.sum('midwatch_exchanges_total') === recorded.length && { said, recorded };
  }, 'every thread to have told, and the record');
  expect(recorded.length).toBeGreaterThan(1_000);
  expect(said.sum('midwatch_attempts_total')).toBe(recorded.reduce((n, { attempts }) => n + attempts, 0));
  expect(said.sum('midwatch_cost_usd_total')).toBeCloseTo(
    recorded.reduce((sum, { microUsd }) => sum + microUsd, 0) / 1e6,
    9,
  );
  expect(said.sum('midwatch_requests_total')).toBe(recorded.length);
  expect(said.sum('midwatch_thread_up')).toBe(THREADS - 1);
  expect(said.sum('midwatch_budget_spent_usd', { value: 'blue' })).toBeGreaterThan(0);
});

test('a reload reaches every thread, or none', async () => {
  const file = join(house.folder, 'midwatch.yaml');
  writeFileSync(file, `${config()}nonsense: 1\n`);
  await expect(house.api.reload()).rejects.toMatchObject({ status: 409 });
  expect(await statuses(30)).toEqual({ 200: 30 });
  writeFileSync(file, config({ idle: '7s' }).replace('match: { model: m }', 'match: { model: renamed }'));
  await house.api.reload();
  expect(JSON.stringify(await house.api.routes.list())).toContain('7 s');
  // No thread knows the old name any more, and every one the new.
  expect(await statuses(40)).toEqual({ 404: 40 });
  expect(await statuses(40, {}, 'renamed')).toEqual({ 200: 40 });
  writeFileSync(file, config());
  await house.api.reload();
  expect(await statuses(40)).toEqual({ 200: 40 });
});

test('a key opens and, revoked, closes every thread within a second', async () => {
  const made = await house.api.keys.create({ name: 'harbour' });
  key = made.key;
  expect(await statuses(30)).toEqual({ 200: 30 });
  const other = await house.api.keys.create({ name: 'other' });
  key = undefined;
  expect(await statuses(6)).toEqual({ 401: 6 });
  key = made.key;
  await house.api.keys.revoke(made.id);
  await Bun.sleep(200);
  // Who comes with a wrong key too often is told to wait (429) instead; nobody comes in.
  expect((await statuses(30))[200]).toBeUndefined();
  key = other.key;
  const used = await until(async () => {
    await statuses(5);
    return (await house.api.keys.list()).find(({ id }) => id === other.id)?.lastUsedAt;
  }, 'the use of a key to be known');
  expect(used).toBeGreaterThan(0);
});

test('killed and begun again with one thread: what all of them had served is in the record', async () => {
  const ids = new Set<string>();
  let running = true;
  const callers = Array.from({ length: 12 }, async () => {
    while (running) {
      try {
        const answer = await ask();
        const id = answer.headers.get('x-midwatch-exchange');
        await answer.text();
        if (id) ids.add(id);
      } catch {
        // The process is gone, and this caller with it.
        return;
      }
    }
  });
  await Bun.sleep(1_500);
  running = false;
  await Promise.all(callers);
  // How little a kill may cost is asked by another story, with the machine to itself; this one asks whose files are found again.
  await Bun.sleep(100);
  await house.stop('SIGKILL');
  house = await house.again({ config: config({ threads: 1 }) });
  expect((await house.api.system()).threads).toBeUndefined();
  let missing = [...ids];
  await until(
    async () => {
      const recorded = new Set((await rows()).map(({ id }) => id));
      missing = missing.filter((id) => !recorded.has(id));
      return missing.length === 0;
    },
    'everything to be recorded',
    120_000,
  ).catch(() => undefined);
  console.log(`${ids.size} exchanges before the kill, ${missing.length} lost`);
  expect(missing).toEqual([]);
  expect(ids.size).toBeGreaterThan(50);
});
