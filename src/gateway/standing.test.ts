import { expect, test } from 'bun:test';
import type { Clock } from '#contracts';
import { virtualClock } from '#kernel';
import { type HealthState, health } from '#kernel/resilience';
import type { Step } from './plan.ts';
import { Standing, type StandingSnapshot } from './standing.ts';

const HOUR = 3_600_000;
const NAME = 'up/model///openai-chat';

/** A clock whose wall time can be put forward and back. */
function stepping() {
  const time = virtualClock();
  let by = 0;
  const clock: Clock = { ...time, now: () => time.now() + by };
  return {
    clock,
    advance: time.advance,
    step: (ms: number) => {
      by += ms;
    },
  };
}

const parkedAndDown = (now: number): StandingSnapshot => {
  const judge = health();
  const state: HealthState = judge.create();
  for (let i = 0; i < 5; i++) judge.observe(state, { now, startedAt: now, signal: 'bad', random: () => 0 });
  return { [NAME]: { park: { since: now, until: now + 30_000, streak: 1 }, health: state } };
};
const look = (standing: Standing) => {
  const [one] = standing.read();
  return { closedFor: one?.closedFor, until: one?.until };
};

for (const by of [-24 * HOUR, -HOUR, HOUR])
  test(`a wall clock that steps by ${by / HOUR} h lengthens and ends no wait`, async () => {
    const { clock, advance, step } = stepping();
    const standing = new Standing(clock);
    standing.restore(parkedAndDown(clock.now()));
    await advance(1_000);
    const before = look(standing);
    expect(before.closedFor).toBe(29_000);
    step(by);
    expect(look(standing)).toEqual(before);
    await advance(30_000);
    expect(look(standing).closedFor).toBe(0);
  });

test('what another gateway tells after its clock was put back holds here as long as there', async () => {
  const { clock, advance, step } = stepping();
  const teller = new Standing(clock);
  teller.restore(parkedAndDown(clock.now()));
  step(-HOUR);
  const hearer = new Standing(clock);
  hearer.hear(JSON.parse(JSON.stringify(teller.news(true))));
  await advance(10_000);
  expect(look(hearer).closedFor).toBe(20_000);
});

test('what was saved by a clock that was put back since keeps nobody waiting for it to come again', () => {
  const { clock } = stepping();
  const standing = new Standing(clock);
  standing.restore(parkedAndDown(clock.now() + HOUR));
  const { closedFor, until = 0 } = look(standing);
  expect(closedFor).toBe(0);
  expect(until - clock.now()).toBeLessThan(60_000);
});

/** Three tiers of one target each, the first of which does so many of ten. */
function tiered(good: number) {
  const { clock } = stepping();
  const standing = new Standing(clock);
  const names = ['first', 'near', 'far'];
  const judge = health();
  const state: HealthState = judge.create();
  const now = clock.now();
  for (let i = 0; i < 300; i++) {
    const at = now - 30_000 + i * 100;
    const signal = i % 10 < good ? 'good' : 'bad';
    judge.observe(state, { now: at, startedAt: at, signal, random: () => 0.99 });
  }
  standing.restore({ 'first/m///openai-chat': { park: { since: 0, until: 0, streak: 0 }, health: state } });
  const steps = names.map((name) => ({
    tier: { name },
    target: { provider: name, model: 'm', apiKey: '' },
    protocol: { name: 'openai-chat' },
  })) as unknown as readonly Step[];
  const ask = { model: 'm', stream: true };
  const chosen = (relies: (step: Step) => number | undefined) => {
    const counts = { first: 0, near: 0, far: 0 };
    for (let i = 0; i < 400; i++) {
      const at = standing.choose(steps, ask, undefined, relies);
      counts[names[at as number] as keyof typeof counts]++;
    }
    return counts;
  };
  return { carries: standing.carries(steps[0] as Step, ask), chosen };
}

test('what a first tier in brownout sheds goes to a tier that may be relied on, or stays', () => {
  const { carries, chosen } = tiered(7);
  expect(carries).toBeGreaterThan(0);
  expect(carries).toBeLessThan(1);
  const far = chosen(({ tier }) => (tier.name === 'near' ? 2 : 0));
  expect(far.near).toBe(0);
  expect(far.far).toBeGreaterThan(0);
  const near = chosen(() => 2);
  expect(near.near).toBeGreaterThan(0);
  expect(near.far).toBe(0);
  expect(chosen(() => undefined)).toEqual({ first: 400, near: 0, far: 0 });
});

test('where the first tier carries nothing the tiers are taken as they stand', () => {
  const { carries, chosen } = tiered(0);
  expect(carries).toBe(0);
  const { near, far } = chosen(({ tier }) => (tier.name === 'near' ? undefined : 0));
  expect(near).toBeGreaterThan(300);
  expect(far).toBe(0);
});
