import { expect, test } from 'bun:test';
import { drawNormal, seededRandom } from '../numeric/random.ts';
import { bootstrap, clusterBootstrap, pairedBootstrap } from './bootstrap.ts';

test('bootstrap: covers, and clusters widen it', () => {
  const random = seededRandom('boot');
  let covered = 0;
  for (let i = 0; i < 200; i++) {
    const before = Array.from({ length: 40 }, () => drawNormal(random));
    const r = pairedBootstrap(
      before,
      before.map((x) => x + 0.5 + drawNormal(random)),
      { random, runs: 300 },
    );
    if (r.lower <= 0.5 && r.upper >= 0.5) covered++;
  }
  expect(covered / 200).toBeGreaterThan(0.88);
  const clusters = Array.from({ length: 30 }, () => {
    const level = drawNormal(random);
    return Array.from({ length: 10 }, () => level + 0.1 * drawNormal(random));
  });
  const honest = clusterBootstrap(clusters, { random, runs: 500 });
  const rows = clusters.flat();
  const naive = pairedBootstrap(
    rows.map(() => 0),
    rows,
    { random, runs: 500 },
  );
  expect(honest.upper - honest.lower).toBeGreaterThan(2 * (naive.upper - naive.lower));
  expect(honest.estimate).toBeCloseTo(naive.estimate, 12);
  expect(() => bootstrap([1, 2], () => Number.NaN, { random })).toThrow('statistic');
});
