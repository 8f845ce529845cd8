import { expect, test } from 'bun:test';
import { type Reliance, STALE, UNPROVEN } from './fallbacks/proofs.ts';
import { backup } from './hedge.ts';
import type { Step } from './plan.ts';
import type { Walk } from './walk.ts';

const steps = ['first', 'near', 'far'].map((name) => ({ tier: { name }, target: {} })) as unknown as Step[];
/** Who is asked beside the first, by how far each of the others may be relied on; `asked` have been already. */
const spare = (near: Reliance | undefined, far: Reliance | undefined, asked: readonly number[] = [0]) =>
  backup(
    {
      standing: { open: () => () => true },
      proofs: { relies: (_: unknown, step: Step) => (step === steps[1] ? near : far) },
    } as unknown as Parameters<typeof backup>[0],
    steps,
    0,
    { facets: {}, route: {}, made: asked.map((at) => ({ step: steps[at] })) } as unknown as Walk,
  ).tier.name;

test('a hedge goes to the tier that is known to work, and to none that may not be chosen', () => {
  expect(spare(UNPROVEN, UNPROVEN)).toBe('near');
  expect(spare(UNPROVEN, 0)).toBe('far');
  expect(spare(UNPROVEN, STALE)).toBe('far');
  expect(spare(STALE, 0)).toBe('far');
  expect(spare(0, 0)).toBe('near');
  expect(spare(undefined, UNPROVEN)).toBe('far');
  // Nobody else may be: the same target again.
  expect(spare(undefined, undefined)).toBe('first');
  // A third try goes to whom nobody has asked yet.
  expect(spare(UNPROVEN, 0, [0, 2])).toBe('near');
});
