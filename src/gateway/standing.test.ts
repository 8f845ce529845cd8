import { expect, test } from 'bun:test';
import type { Clock } from '#contracts';
import { virtualClock } from '#kernel';
import { type HealthState, health } from '#kernel/resilience';
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
