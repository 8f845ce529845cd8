import { expect, test } from 'bun:test';
import { PROOF_LEVELS } from '#contracts';
import { readShown, SHOWN_FOR, standsAt } from './levels.ts';
import type { ProofName } from './proof.ts';

const of = (probed: ProofName, exercised: ProofName, load: ProofName) => ({
  probed: { state: probed },
  exercised: { state: exercised },
  load: { state: load },
});
/** Without a level, and at each. */
const standings = (states: readonly [ProofName, ProofName, ProofName]) =>
  [undefined, ...PROOF_LEVELS].map((level) => standsAt(level, of(...states)));

test.each([
  [
    ['UNPROVEN', 'UNPROVEN', 'UNPROVEN'],
    ['UNPROVEN', 'UNPROVEN', 'UNPROVEN', 'UNPROVEN'],
  ],
  [
    ['PROVEN', 'UNPROVEN', 'UNPROVEN'],
    ['PROVEN', 'PROVEN', 'UNPROVEN', 'UNPROVEN'],
  ],
  [
    ['UNPROVEN', 'PROVEN', 'UNPROVEN'],
    ['PROVEN', 'PROVEN', 'PROVEN', 'UNPROVEN'],
  ],
  [
    ['PROVEN', 'UNPROVEN', 'PROVEN'],
    ['PROVEN', 'PROVEN', 'UNPROVEN', 'UNPROVEN'],
  ],
  [
    ['PROVEN', 'PROVEN', 'PROVEN'],
    ['PROVEN', 'PROVEN', 'PROVEN', 'PROVEN'],
  ],
  [
    ['PROVEN', 'BROKEN', 'PROVEN'],
    ['BROKEN', 'BROKEN', 'BROKEN', 'BROKEN'],
  ],
  [
    ['BROKEN', 'UNPROVEN', 'PROVEN'],
    ['BROKEN', 'BROKEN', 'BROKEN', 'BROKEN'],
  ],
  [
    ['BROKEN', 'PROVEN', 'PROVEN'],
    ['PROVEN', 'PROVEN', 'PROVEN', 'PROVEN'],
  ],
  [
    ['STALE', 'STALE', 'PROVEN'],
    ['STALE', 'STALE', 'STALE', 'STALE'],
  ],
  [
    ['PROVEN', 'PROVEN', 'BROKEN'],
    ['PROVEN', 'PROVEN', 'PROVEN', 'BROKEN'],
  ],
] as const)('%j', (states, expected) => {
  expect(standings(states)).toEqual([...expected]);
});

test('what a drill has shown holds for a week, under its own contract, and not when it went wrong', () => {
  const shown = { contract: 'a', at: 1_000, good: true, why: 'it answers' };
  expect(readShown(undefined, 0, 'a').state).toBe('UNPROVEN');
  expect(readShown(shown, 1_000 + SHOWN_FOR, 'a').state).toBe('PROVEN');
  expect(readShown(shown, 1_001 + SHOWN_FOR, 'a').state).toBe('STALE');
  expect(readShown(shown, 2_000, 'b')).toMatchObject({ state: 'UNPROVEN', at: 1_000 });
  expect(readShown({ ...shown, good: false, why: 'gone' }, 2_000, 'a')).toMatchObject({
    state: 'BROKEN',
    why: 'gone',
  });
});
