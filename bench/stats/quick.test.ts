import { expect, test } from 'bun:test';
import { passes, runSection } from './lib.ts';
import { SECTIONS } from './sections.ts';

// The quick, deterministic part of the bench: the same models and judges with a fraction of the runs. The whole is
// `bun bench/stats.ts`; speed is measured there only.
const QUICK: Readonly<Record<string, number>> = {
  'rates-cusum': 0.25,
  'rates-two-sample': 0.1,
  'rates-border': 0.2,
  'rates-mcnemar': 0.5,
  'tier-drift': 0.05,
  cost: 0.05,
  sprt: 0.3,
  energy: 0.1,
  degradation: 0.3,
  'run-diff': 0.3,
  bisect: 0.1,
};

for (const [id, scale] of Object.entries(QUICK)) {
  test(`${id}: the tables hold at ${scale} of the runs`, () => {
    const section = SECTIONS.find((candidate) => candidate.id === id)!;
    const off = runSection(section, scale).filter((row) => passes(row) === false);
    expect(off.map(({ name, measured, expected }) => ({ name, measured, expected }))).toEqual([]);
  }, 20_000);
}
