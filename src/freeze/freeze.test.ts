import { afterAll, beforeAll, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type ConfigInput, configSchema, type ExchangeFacts, type Store, StoreUnavailable } from '#contracts';
import { canonical, systemClock, virtualClock } from '#kernel';
import { openStore } from '#store';
import { freshDatabase } from '#store/testing';
import { createFreezes, type FreezeService } from './index.ts';
import { couldTake } from './overlap.ts';
import { essence, fingerprint, pinned, versionOf } from './policy.ts';

let database: Awaited<ReturnType<typeof freshDatabase>>;
let store: Store;
const clock = virtualClock({ start: Date.UTC(2026, 5, 1) });
beforeAll(async () => {
  database = await freshDatabase();
  store = openStore({ url: database.url, clock: systemClock(), log: () => undefined });
  await store.upkeep.migrate();
}, 60_000);
afterAll(async () => {
  await store.close();
  await database.drop();
});

const config = (chat: object = {}, more: ConfigInput['routes'] = {}, providers: object = {}) =>
  configSchema.parse({
    providers: {
      up: { protocol: 'openai', baseUrl: 'http://a.example/v1', apiKey: 'sk-secret', ...providers },
      other: { protocol: 'openai', baseUrl: 'http://b.example/v1' },
    },
    routes: {
      chat: {
        match: { model: 'chat' },
        tiers: [{ name: 'primary', targets: [{ provider: 'up', model: 'm-1' }] }],
        ...chat,
      },
      ...more,
    },
  });
const other = (match: object = { model: 'other' }) => ({
  side: { match, tiers: [{ name: 'only', targets: [{ provider: 'other' }] }] },
});

/** A gateway's freezes over the shared store. */
function gateway(file: () => ReturnType<typeof config>, at: Pick<Store, 'freezes'> = store) {
  const kept: { text: string | undefined } = { text: undefined };
  let inForce = file();
  const freezes: FreezeService = createFreezes({
    store: at.freezes,
    clock,
    log: () => undefined,
    snapshot: {
      read: () => kept.text,
      write(text) {
        kept.text = text;
      },
    },
    configured: file,
    changed: () => {
      inForce = freezes.pin(file());
    },
    differences: (a, b) => (canonical(a) === canonical(b) ? [] : ['differs']),
  });
  inForce = freezes.pin(file());
  return { freezes, kept, inForce: () => inForce };
}

const traffic = (freezes: FreezeService, n: number, outcome: 'complete' | 'cut', source = 'gateway') => {
  for (let i = 0; i < n; i++)
    freezes.ended({ route: 'chat', source, outcome, at: clock.now() } as unknown as ExchangeFacts);
};

test('a version is what differs from the defaults: an order of keys or a default written out is no other', () => {
  const plain = config().routes.chat;
  const spelled = config({ hedge: false, buffer: 'none', attempts: { perTarget: 2, perExchange: 4 } }).routes
    .chat;
  if (!plain || !spelled) throw new Error('there is a route');
  expect(versionOf(spelled)).toBe(versionOf(plain));
  const changed = config({ timeouts: { idle: '7s' } }).routes.chat;
  expect(changed && versionOf(changed)).not.toBe(versionOf(plain));
  expect(JSON.parse(essence(plain))).toEqual({ match: plain.match, tiers: plain.tiers });
  // As it comes back from a database.
  expect(versionOf(JSON.parse(JSON.stringify(plain)))).toBe(versionOf(plain));
});

test('what decides answers is held, what may be raised in an incident is not, and no credential is kept', () => {
  const print = (providers: object) => {
    const { up } = config({}, {}, providers).providers;
    return up ? fingerprint(up) : '';
  };
  const before = print({});
  expect(before).not.toContain('sk-secret');
  expect(print({ apiKey: 'another' })).toBe(before);
  expect(print({ quota: { requestsPerMinute: 5 } })).toBe(before);
  expect(print({ baseUrl: 'http://c.example/v1' })).not.toBe(before);
  expect(print({ prices: { 'm-1': { input: 1, output: 2 } } })).not.toBe(before);
});

test('frozen by one gateway, in force on the other within two seconds, gone when thawed', async () => {
  let file = config({ exercise: { share: 0.05 }, shadow: { target: { provider: 'other' } } });
  const a = gateway(() => file);
  const b = gateway(() => file);
  await Promise.all([a.freezes.start(), b.freezes.start()]);
  const frozen = await a.freezes.freeze('chat', { by: 'ann', reason: 'incident 12' });
  expect(frozen).toMatchObject({
    ok: true,
    value: { route: 'chat', by: 'ann', reason: 'incident 12', waiting: [], moved: [] },
  });
  expect(a.freezes.frozen('chat')).toBe(true);
  await clock.advance(1_000);
  for (let i = 0; i < 200 && !b.freezes.frozen('chat'); i++) await Bun.sleep(5);
  for (const { freezes, inForce } of [a, b]) {
    expect(freezes.frozen('chat')).toBe(true);
    // What moves by itself stands still.
    expect(inForce().routes.chat).toMatchObject({ exercise: { share: 0 } });
    expect(inForce().routes.chat?.shadow).toBeUndefined();
  }

  // Each way of changing it is refused, and says who, since when, why and what to do.
  const why = (next: ReturnType<typeof config>) => b.freezes.refusals(file, next);
  expect(why(file)).toEqual([]);
  expect(why(config({ ...file.routes.chat, hedge: true }))).toEqual([
    'routes.chat: changed, and the route is frozen by ann since 2026-06-01T00:00Z (incident 12); `midwatch thaw chat` first',
  ]);
  expect(
    why(configSchema.parse({ providers: file.providers, routes: other() })).map((line) => line.split(',')[0]),
  ).toEqual(['routes.chat: gone']);
  const routes = { exercise: { share: 0.05 }, shadow: { target: { provider: 'other' } } };
  expect(why(config(routes, {}, { baseUrl: 'http://c.example/v1' }))[0]).toStartWith(
    'providers.up: changed, and it serves route chat, frozen by ann',
  );
  expect(why(config(routes, other({ model: 'chat', feature: 'x' })))[0]).toStartWith(
    'routes.side.match: could take asks from route chat',
  );
  expect(why(config(routes, other()))).toEqual([]);
  expect(why(config(routes, other({})))).toEqual([]);
  expect(why(config(routes, {}, { quota: { requestsPerMinute: 9 }, apiKey: 'rotated' }))).toEqual([]);

  // A start without database, while the file says something else: frozen all the same.
  const away = async () => {
    throw new StoreUnavailable('away');
  };
  const gone = { ...store.freezes, all: away, version: away, moved: away, used: away };
  file = config({ timeouts: { idle: '1s' } });
  const c = gateway(() => file, { freezes: gone });
  expect(c.freezes.frozen('chat')).toBe(false);
  const kept = a.kept.text;
  expect(kept).not.toContain('sk-secret');
  const d = createFreezes({
    store: gone,
    clock,
    log: () => undefined,
    snapshot: { read: () => kept, write: () => undefined },
    configured: () => file,
    changed: () => undefined,
    differences: () => ['differs'],
  });
  expect(d.pin(file).routes.chat?.timeouts.idle).toBe(30_000);
  const [view] = await d.list();
  expect(view).toMatchObject({ route: 'chat', waiting: ['differs'] });
  // Not looked is not nothing found.
  expect(view && 'moved' in view).toBe(false);

  expect(await b.freezes.thaw('chat')).toMatchObject({ by: 'ann' });
  expect(await b.freezes.thaw('chat')).toBeUndefined();
  expect(b.inForce().routes.chat?.timeouts.idle).toBe(1_000);
  await clock.advance(1_000);
  for (let i = 0; i < 200 && a.freezes.frozen('chat'); i++) await Bun.sleep(5);
  expect(a.freezes.frozen('chat')).toBe(false);
  expect(a.inForce().routes.chat?.timeouts.idle).toBe(1_000);
  await Promise.all([a.freezes.stop(), b.freezes.stop(), c.freezes.stop(), d.stop()]);
});

test('versions are kept with how their traffic ended, and the last good one is found by its rule', async () => {
  let file = config({ timeouts: { idle: '11s' } });
  const { freezes, inForce } = gateway(() => file);
  await freezes.start();
  await freezes.refresh();
  traffic(freezes, 96, 'complete');
  traffic(freezes, 4, 'cut');
  // Nobody was served by these, so they say nothing.
  traffic(freezes, 500, 'cut', 'shadow');
  const [good] = await freezes.versions('chat');
  expect(good).toMatchObject({ good: { count: 96, n: 100 }, inForce: true, lastGood: true, differs: [] });

  await clock.advance(60_000);
  file = config({ timeouts: { idle: '12s' } });
  freezes.pin(file);
  traffic(freezes, 60, 'complete');
  traffic(freezes, 40, 'cut');
  const [bad, before] = await freezes.versions('chat');
  expect(bad).toMatchObject({ good: { count: 60, n: 100 }, inForce: true, lastGood: false });
  expect(before).toMatchObject({
    version: good?.version,
    lastGood: true,
    inForce: false,
    differs: ['differs'],
  });

  expect(await freezes.freeze('chat', { by: 'ann', to: 'nosuch' })).toMatchObject({ ok: false });
  expect(await freezes.freeze('nosuch', { by: 'ann' })).toMatchObject({ ok: false });
  const back = await freezes.freeze('chat', { by: 'ann', to: 'good' });
  expect(back).toMatchObject({ ok: true, value: { version: good?.version, waiting: ['differs'] } });
  expect(inForce().routes.chat?.timeouts.idle).toBe(11_000);
  // The file may come to what is held.
  expect(freezes.refusals(file, config({ timeouts: { idle: '11s' } }))).toEqual([]);
  expect(freezes.refusals(file, config({ timeouts: { idle: '13s' } }))).toHaveLength(1);
  await freezes.thaw('chat');
  await freezes.stop();
});

test('a provider that the file no longer has is still known to a frozen route, without its key', () => {
  const before = config();
  const policy = before.routes.chat;
  const up = before.providers.up;
  if (!policy || !up) throw new Error('there is a route');
  const freeze = {
    route: 'chat',
    version: versionOf(policy),
    policy,
    providers: { up: fingerprint(up) },
    at: 1,
    by: 'ann',
    seen: {},
  };
  const after = pinned(configSchema.parse({ routes: {} }), new Map([['chat', freeze]]));
  expect(after.routes.chat?.tiers).toEqual(policy.tiers);
  expect(after.providers.up).toMatchObject({ baseUrl: 'http://a.example/v1' });
  expect(after.providers.up?.apiKey).toBeUndefined();
});

test('whoever could take an ask is found: wherever an ask matches both and the taker comes first', () => {
  const match = fc.record(
    {
      model: fc.constantFrom('a', 'b', 'a*', '*a', 'a*b', '*'),
      protocol: fc.constantFrom('openai', 'openai-chat', 'anthropic'),
      feature: fc.constantFrom('x', 'y'),
    },
    { requiredKeys: [] },
  );
  const asks = ['a', 'b', 'ab', 'aab', 'ba', 'aXb'].flatMap((model) =>
    ['openai-chat', 'openai-responses', 'anthropic-messages'].flatMap((protocol) =>
      ['x', 'y', undefined].map((feature) => ({ model, protocol, feature })),
    ),
  );
  const matches = (m: { model?: string; protocol?: string; feature?: string }, ask: (typeof asks)[number]) =>
    (m.model === undefined || new RegExp(`^${m.model.replaceAll('*', '.*')}$`).test(ask.model)) &&
    (m.protocol === undefined || ask.protocol === m.protocol || ask.protocol.startsWith(`${m.protocol}-`)) &&
    (m.feature === undefined || m.feature === ask.feature);
  const rank = (m: { model?: string; feature?: string }) =>
    (m.model === undefined ? 2 : m.model.includes('*') ? 1 : 0) - (m.feature === undefined ? 0 : 0.5);
  fc.assert(
    fc.property(match, match, (from, taker) => {
      const taken = asks.some(
        (ask) => matches(from, ask) && matches(taker, ask) && rank(taker) <= rank(from),
      );
      if (taken) expect(couldTake(from, taker)).toBe(true);
      if (rank(taker) > rank(from)) expect(couldTake(from, taker)).toBe(false);
    }),
    { seed: 3, numRuns: 2_000 },
  );
});
