import { expect, test } from 'bun:test';
import { type FallbackOptions, type FallbackProof, fallback } from './fallback.ts';
import { createMidwatch } from './midwatch.ts';

const DAY = 86_400_000;
const ONE_IN_HUNDRED = { idempotent: true, random: () => 0.5 } as const;

/** Counts who was asked; either way fails while it is told to. */
function rig(options: FallbackOptions<number, string> = {}) {
  const world = { first: 'first', second: 'second', down: new Set<string>(), asked: [] as string[] };
  const way = (name: 'first' | 'second') => async (n: number) => {
    world.asked.push(name);
    if (world.down.has(name)) throw new Error(`${name} is down`);
    return `${world[name]} ${n}`;
  };
  const ask = fallback(way('first'), way('second'), options);
  const asks = async (n: number) => {
    for (let i = 0; i < n; i++) await ask(i);
  };
  return { world, ask, asks, second: () => world.asked.filter((w) => w === 'second').length };
}

test('the second way answers where the first fails, and who called sees no failure', async () => {
  const { world, ask } = rig();
  expect(await ask(1)).toBe('first 1');
  world.down.add('first');
  expect(await ask(2)).toBe('second 2');
  world.down.add('second');
  expect(ask(3)).rejects.toThrow('first is down');
});

test('one call in each hundred exercises the second way, and 59 of them prove it', async () => {
  const { asks, ask, second } = rig(ONE_IN_HUNDRED);
  await asks(5_800);
  expect(second()).toBe(58);
  expect(ask.proof()).toMatchObject({ state: 'UNPROVEN', successes: 58, needed: 1 });
  await asks(100);
  expect(ask.proof()).toMatchObject({ state: 'PROVEN', needed: 0 });
  expect(ask.proof().bound).toBeWithin(0.95, 0.951);
});

test('what may not be done twice is never exercised, and neither is what is excluded', async () => {
  const once = rig();
  await once.asks(500);
  const critical = rig({ ...ONE_IN_HUNDRED, exclude: () => true });
  await critical.asks(500);
  expect([once.second(), critical.second()]).toEqual([0, 0]);
});

test('a second way that rots is known to be broken before it is needed, and nobody was hurt', async () => {
  const states: FallbackProof['state'][] = [];
  const { world, ask, asks } = rig({ ...ONE_IN_HUNDRED, onChange: ({ state }) => states.push(state) });
  await asks(6_000);
  world.down.add('second');
  await asks(300);
  expect(ask.proof()).toMatchObject({ state: 'BROKEN', successes: 0, error: new Error('second is down') });
  world.down.delete('second');
  await asks(5_900);
  expect(ask.proof().state).toBe('PROVEN');
  expect(states).toEqual(['PROVEN', 'UNPROVEN', 'BROKEN', 'UNPROVEN', 'PROVEN']);
});

test('a change of the contract proves nothing of the new one, and a late answer of the old neither', async () => {
  let prompt = 'a';
  const gate = Promise.withResolvers<string>();
  const begun = Promise.withResolvers<void>();
  let held = false;
  const ask = fallback<void, string>(
    async () => {
      throw new Error('down');
    },
    async () => {
      if (!held) return 'well';
      begun.resolve();
      return gate.promise;
    },
    { contract: () => ({ prompt }), enough: 1 },
  );
  await ask();
  expect(ask.proof().state).toBe('PROVEN');
  held = true;
  const late = ask();
  await begun.promise;
  prompt = 'b';
  expect(ask.proof()).toMatchObject({ state: 'UNPROVEN', successes: 0 });
  gate.resolve('well');
  await late;
  expect(ask.proof().successes).toBe(0);
});

test('silence makes it stale', async () => {
  let time = 0;
  const { world, asks, ask } = rig({ enough: 2, now: () => time });
  world.down.add('first');
  await asks(2);
  time = DAY;
  expect(ask.proof().state).toBe('PROVEN');
  time = DAY + 1;
  expect(ask.proof().state).toBe('STALE');
});

test('an answer that is not accepted and one that comes too late are failures', async () => {
  const { world, ask } = rig({ accept: (answer) => !answer.startsWith('nonsense') });
  world.first = 'nonsense';
  expect(await ask(1)).toBe('second 1');
  const signals: AbortSignal[] = [];
  const slow = fallback<void, string>(
    (_, { signal }) => {
      signals.push(signal);
      return new Promise(() => undefined);
    },
    async (_, { exercise }) => `in time, exercise: ${exercise}`,
    { timeoutMs: 20 },
  );
  expect(await slow()).toBe('in time, exercise: false');
  expect(signals[0]?.aborted).toBe(true);
});

test('it is at hand beside the rest, and needs no server', async () => {
  const { fallback: same } = createMidwatch();
  expect(
    await same(
      async () => 1,
      async () => 2,
    )(undefined),
  ).toBe(1);
  expect(() =>
    fallback(
      async () => 1,
      async () => 2,
      { share: 2 },
    ),
  ).toThrow(RangeError);
});
