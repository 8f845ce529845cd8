import { expect, test } from 'bun:test';
import { configSchema } from '#contracts';
import { HEALTH, health, healthKey } from '#kernel/resilience';
import { buildRoutes } from './routes.ts';
import { describeTargets, ofAllThreads } from './targets.ts';

const table = buildRoutes(
  configSchema.parse({
    providers: { up: { protocol: 'openai', baseUrl: 'http://127.0.0.1:1/v1' } },
    routes: {
      chat: {
        tiers: [
          {
            name: 'primary',
            targets: [
              { provider: 'up', model: 'a' },
              { provider: 'up', model: 'b' },
            ],
          },
        ],
      },
      any: { tiers: [{ name: 'primary', targets: [{ provider: 'up' }] }] },
    },
  }),
);

/** Standing in which `a` answered once, `b` was only planned, and a caller made up `c`. */
function standing() {
  const judge = health(HEALTH);
  const names = ['a', 'b', 'c'].map((model) => ({ provider: 'up', model, endpoint: 'openai-chat' }));
  const states = names.map((name) => ({ name, state: judge.create() }));
  for (const { name, state } of states)
    if (name.model !== 'b')
      judge.observe(state, { now: 10, startedAt: 5, signal: 'good', random: () => 0.5 });
  return {
    read: () =>
      states.map(({ name, state }) => ({
        ...name,
        ...judge.read(state, 20),
        closedFor: 0,
        keyRefused: false,
      })),
    snapshot: () =>
      Object.fromEntries(
        states.map(({ name, state }) => [healthKey(name), { park: { until: 0 } as never, health: state }]),
      ),
    restore: () => undefined,
  };
}

const seats = {
  read: () => [
    {
      provider: 'up',
      model: 'a',
      limit: 40,
      inFlight: 3,
      waiting: { interactive: 0, normal: 1, batch: 0 },
    },
  ],
  snapshot: () => ({}),
  restore: () => undefined,
};

test('what answered is known, what was only planned is not, and each knows the routes that lead to it', () => {
  const views = describeTargets(table, { standing: standing(), seats });
  expect(views.map(({ model, status, routes, since }) => [model, status, routes, since])).toEqual([
    ['a', 'healthy', ['chat', 'any'], undefined],
    ['c', 'healthy', ['any'], undefined],
    ['b', 'unknown', ['chat', 'any'], undefined],
  ]);
  expect(views.map(({ concurrency }) => concurrency?.limit)).toEqual([40, undefined, undefined]);
  expect(views[2]?.endpoint).toBeUndefined();
});

test('threads are shown as one: what another has asked, the worst word, the sum of the places', () => {
  const first = describeTargets(table, { standing: standing(), seats: { ...seats, read: () => [] } });
  const [a] = first;
  if (!a) throw new Error('nothing described');
  const places = (inFlight: number) => ({
    limit: 3,
    inFlight,
    waiting: { interactive: 0, normal: 1, batch: 0 },
  });
  const seen = [
    { ...a, status: 'down' as const, concurrency: places(2) },
    { ...a, endpoint: 'other', concurrency: places(2) },
    { ...a, model: 'b', endpoint: 'openai-chat', status: 'watch' as const },
  ];
  const all = ofAllThreads(first, [seen, [{ ...a, concurrency: places(1) }]]);
  expect(all.filter(({ model }) => model === 'a').map(({ endpoint, status }) => [endpoint, status])).toEqual([
    ['openai-chat', 'down'],
    ['other', a.status],
  ]);
  expect(all.find(({ model }) => model === 'a')?.concurrency).toEqual({
    limit: 6,
    inFlight: 3,
    waiting: { interactive: 0, normal: 2, batch: 0 },
  });
  expect(all.filter(({ model }) => model === 'b').map(({ status }) => status)).toEqual(['watch']);
  expect(ofAllThreads(first, [])).toBe(first);
});
