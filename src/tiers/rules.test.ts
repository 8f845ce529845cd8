import { expect, test } from 'bun:test';
import { configSchema, type DemotionConfig, type SteerQuestion } from '#contracts';
import { Rules } from './rules.ts';

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
type Written = Partial<Record<keyof DemotionConfig, unknown>>;

const configOf = (...rules: Written[]) =>
  configSchema.parse({
    routes: {
      chat: {
        tiers: ['primary', 'small', 'canned'].map((name) => ({ name, targets: [{ provider: 'up' }] })),
        demotions: rules.map((rule, i) => ({
          id: `r${i}`,
          from: 'primary',
          to: 'small',
          owner: 'ana',
          reason: 'flag',
          maxShare: 0.1,
          expiresAt: START + HOUR,
          ...rule,
        })),
      },
    },
  }).routes;

const ask = (
  at: number,
  { who = {}, lane = 'normal', tiers = ['primary', 'small', 'canned'] }: Partial<SteerQuestion> = {},
) =>
  ({
    at,
    who,
    lane,
    tiers,
    route: { name: 'chat', tiers: ['primary', 'small', 'canned'].map((name) => ({ name })) },
  }) as unknown as SteerQuestion;

/** Names of the tiers to which `n` exchanges in a row were sent. */
const sent = (rules: Rules, at: number, n: number, more: Partial<SteerQuestion> = {}) =>
  Array.from({ length: n }, () => rules.steer(ask(at, more))?.tier).filter((tier) => tier !== undefined);

test('a rule takes its share and no more, and says who it is', () => {
  const rules = new Rules(configOf({}));
  expect(sent(rules, START, 1_000)).toHaveLength(101);
  expect(rules.steer(ask(START))).toBeUndefined();
  expect(rules.read(START)[0]).toMatchObject({ seen: 1_001, demoted: 101, held: 900, status: 'acting' });
});

test('it wants what its lines say: each must hold, one value is enough, `*` is any run', () => {
  const rules = new Rules(
    configOf({ maxShare: 1, when: { feature: ['sum*', 'draft'], tenant: 'acme', lane: 'batch' } }),
  );
  const asked = (feature: string, tenant?: string, lane: SteerQuestion['lane'] = 'batch') =>
    rules.steer(ask(START, { who: { feature, ...(tenant && { tenant }) }, lane }))?.tier;
  expect(asked('summary', 'acme')).toBe('small');
  expect(asked('draft', 'acme')).toBe('small');
  expect(asked('assume', 'acme')).toBeUndefined();
  expect(asked('summary', 'blue')).toBeUndefined();
  expect(asked('summary')).toBeUndefined();
  expect(asked('summary', 'acme', 'normal')).toBeUndefined();
});

test('rules in a row: one takes on what another sent down, and nobody is sent where nobody answers', () => {
  const rules = new Rules(
    configOf({ maxShare: 1 }, { id: 'on', from: 'small', to: 'canned', reason: 'canned', maxShare: 1 }),
  );
  expect(rules.steer(ask(START))).toEqual({ tier: 'canned', by: 'demotion:on', reason: 'canned' });
  expect(rules.steer(ask(START, { tiers: ['primary', 'small'] }))?.by).toBe('demotion:r0');
  expect(rules.steer(ask(START, { tiers: ['primary', 'canned'] }))).toBeUndefined();
});

test('expiry acts on the first exchange after it: restored, refused, or on with an approval', () => {
  const rules = new Rules(
    configOf(
      { when: { feature: 'a' }, maxShare: 1 },
      { when: { feature: 'b' }, maxShare: 1, onExpire: 'block' },
      { when: { feature: 'c' }, maxShare: 1, onExpire: 'extend-with-approval' },
    ),
  );
  const tier = (feature: string, at: number) => rules.steer(ask(at, { who: { feature } }));
  for (const feature of ['a', 'b', 'c']) expect(tier(feature, START + HOUR - 1)?.tier).toBe('small');
  const after = START + HOUR;
  expect(tier('a', after)).toBeUndefined();
  const refused = tier('b', after)?.refuse;
  expect(refused).toMatchObject({ kind: 'no_target', retryable: false });
  expect(refused?.hint).toMatch(/"r1".*expired on 2026-01-01T01.*until ana decides.*tiers end chat r1/);
  expect(tier('c', after)).toBeUndefined();

  expect(rules.approve('chat', 'r2', { by: 'bob', until: after + HOUR }, after)).toMatchObject({
    ok: true,
    value: { status: 'extended', left: HOUR },
  });
  expect(tier('c', after)?.tier).toBe('small');
  expect(tier('c', after + HOUR)).toBeUndefined();
  expect(rules.approve('chat', 'r0', { by: 'bob', until: after + HOUR }, after)).toEqual({
    ok: false,
    error: 'not_extendable',
  });

  expect(rules.end('chat', 'r1', 'bob', after)).toMatchObject({ value: { status: 'ended' } });
  expect(tier('b', after)).toBeUndefined();
  expect(rules.end('chat', 'nobody', 'bob', after)).toEqual({ ok: false, error: 'unknown' });
});

test('a restart and a reload are no amnesty; another declaration is another rule', () => {
  const written = { onExpire: 'extend-with-approval', maxShare: 0.5 };
  const rules = new Rules(configOf(written));
  sent(rules, START, 100);
  rules.approve('chat', 'r0', { by: 'bob', until: START + 3 * HOUR }, START);
  const again = new Rules(configOf(written));
  again.reload(configOf({ ...written, owner: 'carl' }), JSON.parse(JSON.stringify(rules.snapshot())));
  expect(again.read(START + 2 * HOUR)[0]).toMatchObject({ seen: 100, status: 'extended', owner: 'carl' });
  again.reload(configOf({ ...written, maxShare: 0.9 }));
  expect(again.read(START + 2 * HOUR)[0]).toMatchObject({ seen: 0, status: 'expired' });

  rules.end('chat', 'r0', 'bob', START);
  rules.reload(configOf(written));
  expect(rules.read(START)[0]?.status).toBe('ended');
  expect(rules.approve('chat', 'r0', { by: 'bob', until: START + HOUR }, START)).toMatchObject({
    error: 'ended',
  });
  rules.reload(configOf());
  expect(rules.steer(ask(START))).toBeUndefined();
});
