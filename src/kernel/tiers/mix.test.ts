import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { demotedUsers, type MixState, type Served, tierMix } from './mix.ts';

const HOUR = 3_600_000;
const mix = tierMix({
  primary: 'primary',
  demoted: 0.02,
  level: 0.01,
  bounds: { primary: { floor: 0.98 }, canned: { ceiling: 0.001 } },
});
const run = (events: readonly Served[]) => events.reduce<MixState>(mix.step, mix.start);

test('no exchange is no share and no verdict', () => {
  const reading = mix.read(mix.start, 0);
  expect(reading).toMatchObject({ n: 0, tiers: {}, level: false });
  expect(reading.demoted).toBeUndefined();
  expect(reading.clauses.map((c) => c.verdict)).toEqual(['UNKNOWN', 'UNKNOWN']);
});

test('a clause is met, breached or unknown by its interval, never by a bare share', () => {
  const verdicts = (primary: number, small: number) =>
    mix
      .read(
        run([
          { at: 10 * HOUR, served: 'primary', n: primary },
          { at: 10 * HOUR, served: 'small', rule: 'r', n: small },
        ]),
        11 * HOUR,
      )
      .clauses.map((c) => c.verdict);
  expect(verdicts(99, 1)).toEqual(['UNKNOWN', 'UNKNOWN']);
  expect(verdicts(9_950, 50)).toEqual(['MET', 'MET']);
  expect(verdicts(9_000, 1_000)).toEqual(['BREACHED', 'MET']);
});

test('late exchanges count in their own hour: any order within the lateness gives the same state', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 119 }), fc.constantFrom('primary', 'small', 'canned')), {
        minLength: 1,
        maxLength: 60,
      }),
      fc.infiniteStream(fc.nat(1000)),
      (events, order) => {
        const list = events.map(([minute, served]) => ({
          at: 100 * HOUR + minute * 60_000,
          served,
          ...(served === 'primary' ? {} : { rule: `to-${served}` }),
        }));
        const draws = list.map(() => order.next().value as number);
        const mixed = list
          .map((e, i) => ({ e, key: draws[i]! }))
          .sort((a, b) => a.key - b.key)
          .map(({ e }) => e);
        expect(mix.read(run(mixed), 103 * HOUR)).toEqual(mix.read(run(list), 103 * HOUR));
      },
    ),
    { numRuns: 100, seed: 7 },
  );
});

test('recount: the counts kept are the exchanges shown, to the exchange', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('primary', 'small', 'canned'), { minLength: 1, maxLength: 300 }),
      (served) => {
        const reading = mix.read(
          run(served.map((tier, i) => ({ at: 200 * HOUR + i * 600_000, served: tier }))),
          260 * HOUR,
        );
        expect(reading.n).toBe(served.length);
        for (const tier of new Set(served))
          expect(Math.round(reading.tiers[tier]!.estimate * reading.n)).toBe(
            served.filter((t) => t === tier).length,
          );
      },
    ),
    { numRuns: 100, seed: 7 },
  );
  expect(
    run([
      { at: 10 * HOUR, served: 'a' },
      { at: 20 * HOUR, served: 'a' },
      { at: 11 * HOUR, served: 'a', n: 3 },
    ]).tooLate,
  ).toBe(3);
});

test('users most of whose exchanges were demoted are a figure of their own', () => {
  // Ten per cent of exchanges, all of them at one user in ten.
  const users = Array.from({ length: 100 }, (_, i) => ({ n: 10, demoted: i < 10 ? 10 : 0 }));
  expect(demotedUsers(users)).toMatchObject({ estimate: 0.1, n: 100 });
  expect(demotedUsers([{ n: 2, demoted: 1 }])).toMatchObject({ estimate: 0 });
  expect(demotedUsers([])).toBeUndefined();
});
