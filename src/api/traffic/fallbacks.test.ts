import { afterAll, beforeAll, expect, test } from 'bun:test';
import { createMidwatch } from '#sdk';
import { answers } from '../answers/index.ts';
import { startApi, type TestApi } from '../testing.ts';

/** What the control plane tells of fallbacks, and the drill that it starts. */

let api: TestApi;
let midwatch: ReturnType<typeof createMidwatch>;
beforeAll(async () => {
  api = await startApi();
  midwatch = createMidwatch({ baseUrl: api.url, token: api.token });
});
afterAll(() => api.stop());

type Edge = TestApi['traffic']['fallbacks'][number];
const edge = (more: Partial<Edge> = {}): Edge => ({
  route: 'support',
  tier: 'spare',
  provider: 'other',
  model: 'm',
  protocol: 'openai-chat',
  state: 'PROVEN',
  ready: true,
  hashMatches: true,
  probed: { state: 'PROVEN', why: 'all good', checks: [{ check: 'answer', good: true, says: 'it answers' }] },
  exercised: {
    state: 'PROVEN',
    why: '59 of 59 good',
    n: 59,
    failures: 0,
    bound: 0.9505,
    needed: 0,
    share: 0.01,
    parity: [],
    against: { time: 1.234, length: 0.9, cost: 2 },
  },
  load: { state: 'UNPROVEN', why: 'never drilled' },
  reports: [],
  ...more,
});
const unused = {
  state: 'UNPROVEN',
  why: 'never exercised',
  n: 0,
  failures: 0,
  needed: 59,
  share: 0,
  parity: [],
  against: {},
} as const;

test('edges come worst first, each with its sentence and the one thing to do', async () => {
  api.traffic.fallbacks = [
    edge({ tier: 'a' }),
    edge({ tier: 'b', required: 'EXERCISED', state: 'UNPROVEN', ready: false, exercised: unused }),
    edge({ tier: 'c', required: 'LOAD', state: 'UNPROVEN', ready: false }),
    edge({ tier: 'd', state: 'BROKEN', exercised: { ...unused, state: 'BROKEN', why: 'cut' } }),
    edge({ tier: 'e', reports: [{ kind: 'context', text: 'takes 4000 tokens, asks reach 8000' }] }),
    edge({
      tier: 'f',
      required: 'EXERCISED',
      state: 'UNPROVEN',
      ready: false,
      exercised: { ...edge().exercised, state: 'UNPROVEN', why: 'worse than the first tier: slow answers' },
      reports: [{ kind: 'parity', text: 'slow answers: 20 %' }],
    }),
    edge({
      tier: 'h',
      exercised: {
        ...edge().exercised,
        cost: { n: 80, ratio: 2.41, low: 2.1, high: 2.8, allowed: 1.5, verdict: 'BREACHED' },
      },
      reports: [{ kind: 'cost', text: 'an answer costs 2.41 × one of the first tier' }],
    }),
    edge({ tier: 'g', reports: [{ kind: 'retired', text: 'its model m was shut down' }] }),
  ];
  const views = await midwatch.fallbacks.list();
  for (const view of views) answers.FallbackView.parse(view);
  expect(views.map(({ tier }) => tier)).toEqual(['f', 'b', 'c', 'd', 'e', 'g', 'h', 'a']);
  const [f, b, c, d, e, g, h, a] = views;
  expect(h?.says).toContain('2.41 × [2.10, 2.80] the cost of the first tier');
  expect(h?.todo).toContain('routes.support.exercise.dear');
  expect(a).toMatchObject({
    says: 'Proven. Probe: proven; exercise: proven by 59 exercises, at least 95.1 % good, 1.23 × the time, 0.90 × the length, 2.00 × the cost of the first tier; load: unproven (never drilled).',
  });
  expect(a?.todo).toBeUndefined();
  expect(b?.todo).toContain('routes.support.exercise.share');
  expect(c?.todo).toContain('midwatch fallback drill support --load');
  expect(d?.todo).toContain('Mend it');
  expect(e?.todo).toContain('Mend it');
  expect(f?.todo).toContain('Mend it');
  expect(g?.todo).toContain('another model');
});

test('a drill is planned without a trace and audited when it calls; one that cannot be says why', async () => {
  const plan = await midwatch.fallbacks.drill({ route: 'support' });
  answers.FallbackDrill.parse(plan);
  expect(plan).toMatchObject({ ran: false, plan: { calls: 8 } });
  expect((await midwatch.audit({ action: 'fallback.drill' })).rows).toEqual([]);
  const ran = await midwatch.fallbacks.drill({ route: 'support', load: true, confirmed: true });
  expect(ran).toMatchObject({ ran: true });
  const { rows } = await midwatch.audit({ action: 'fallback.drill' });
  expect(rows).toMatchObject([{ actor: 'admin', subject: 'support', detail: { load: true, calls: 8 } }]);
  await expect(midwatch.fallbacks.drill({ route: 'chart' })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('no route "chart"'),
  });
});
