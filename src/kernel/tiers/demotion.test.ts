import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { checkDemotion, DEMOTION_START, type DemotionRule, demote, demotionStanding } from './demotion.ts';

const rule: DemotionRule = {
  id: 'cheap-router',
  from: 'primary',
  to: 'small',
  owner: 'anna',
  reason: 'router_score',
  maxShare: 0.05,
  expiresAt: 1_000_000,
  onExpire: 'restore',
};

test('after any prefix of any traffic the share holds, up to the burst', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.001, max: 1, noNaN: true }),
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.boolean(), { maxLength: 400 }),
      (maxShare, burst, wanted) => {
        let state = DEMOTION_START;
        for (const [i, want] of wanted.entries()) {
          const decision = demote({ ...rule, maxShare, burst }, state, 0, want);
          ({ state } = decision);
          expect(decision.do === 'demote').toBe(decision.why === 'within_share');
          expect(state.demoted).toBeLessThanOrEqual(maxShare * (i + 1) + burst + 1e-6);
          expect(state.seen).toBe(i + 1);
        }
        expect(JSON.parse(JSON.stringify(state))).toEqual(state);
      },
    ),
    { numRuns: 200, seed: 7 },
  );
});

test('what is wanted within the share is done: 5 % of 5 % wanted, 5 % of 100 % wanted, all at share 1', () => {
  const run = (maxShare: number, every: number) => {
    let state = DEMOTION_START;
    for (let i = 0; i < 10_000; i++) ({ state } = demote({ ...rule, maxShare }, state, 0, i % every === 0));
    return state;
  };
  expect(run(0.05, 20)).toMatchObject({ demoted: 500, held: 0 });
  expect(Math.abs(run(0.05, 1).demoted - 500)).toBeLessThanOrEqual(1);
  expect(run(1, 1)).toMatchObject({ demoted: 10_000, held: 0 });
});

test('at its expiry a rule stops with the next exchange, as declared', () => {
  const late = { ...rule, expiresAt: 100 };
  const at = (r: DemotionRule, now: number) => demote(r, DEMOTION_START, now, true);
  expect(at(late, 99).do).toBe('demote');
  expect(at(late, 100)).toMatchObject({ do: 'serve', why: 'expired' });
  expect(at({ ...late, onExpire: 'block' }, 100).do).toBe('refuse');
  const extended = { ...late, onExpire: 'extend-with-approval' as const };
  expect(at(extended, 100).do).toBe('serve');
  const approved = { ...extended, approval: { by: 'ben', until: 200 } };
  expect(at(approved, 199).do).toBe('demote');
  expect(at(approved, 200).do).toBe('serve');
  expect(demotionStanding(approved, DEMOTION_START, 150)).toMatchObject({ status: 'extended', left: 50 });
  expect(demotionStanding({ ...late, onExpire: 'block' }, DEMOTION_START, 150)).toMatchObject({
    status: 'blocking',
    left: -50,
  });
  // An approval is no way around the other two.
  expect(at({ ...approved, onExpire: 'restore' }, 150).do).toBe('serve');
});

test('a rule without owner, end, share or reason is refused by name', () => {
  expect(checkDemotion(rule)).toBe(rule);
  for (const [field, value] of [
    ['owner', ''],
    ['maxShare', 0],
    ['maxShare', 1.1],
    ['expiresAt', Number.NaN],
    ['reason', 'mood'],
    ['to', 'primary'],
    ['burst', 0],
  ] as const)
    expect(() => checkDemotion({ ...rule, [field]: value } as DemotionRule)).toThrow(
      new RegExp(`cheap-router: ${field}`),
    );
});
