import { expect, test } from 'bun:test';
import { drawBinomial, seededRandom } from '../numeric/random.ts';
import { populationStability } from './psi.ts';

test('PSI is symmetric, zero for equal shares and chance-level by its p', () => {
  expect(populationStability([10, 20, 30], [10, 20, 30]).statistic).toBe(0);
  expect(populationStability([50, 50], [90, 10]).statistic).toBeCloseTo(
    populationStability([90, 10], [50, 50]).statistic,
    12,
  );
  expect(populationStability([100, 100, 0], [100, 0, 100]).p).toBeLessThan(1e-6);
  const random = seededRandom('psi');
  let low = 0;
  for (let i = 0; i < 500; i++) {
    const draw = () => {
      const k = drawBinomial(random, 200, 0.3);
      const m = drawBinomial(random, 200 - k, 0.5);
      return [k, m, 200 - k - m];
    };
    if (populationStability(draw(), draw()).p < 0.05) low++;
  }
  expect(low / 500).toBeLessThan(0.09);
});
