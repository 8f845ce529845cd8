import { expect, test } from 'bun:test';
import { drawNormal, seededRandom } from '../numeric/random.ts';
import { permutationTest, signFlipTest } from './permutation.ts';

test('permutation tests: exact size, and power where there is a shift', () => {
  const random = seededRandom('perm');
  const normals = (n: number, shift = 0) => Array.from({ length: n }, () => shift + drawNormal(random));
  let low = 0;
  for (let i = 0; i < 300; i++)
    if (permutationTest(normals(6), normals(8), { random, permutations: 99 }).p <= 0.05) low++;
  expect(low / 300).toBeLessThan(0.09);
  expect(permutationTest(normals(20), normals(20, 3), { random }).p).toBe(0.001);
  expect(signFlipTest(normals(20, 3), { random }).p).toBeLessThan(0.01);
  expect(signFlipTest([0, 0, 0], { random }).p).toBe(1);
  // Stratified: the whole difference lies between the strata, none within.
  const x = [1, 1, 1, 1, 5];
  const y = [5, 5, 5, 5, 1];
  const strata = [...x, ...y];
  expect(permutationTest(x, y, { random, strata }).p).toBe(1);
});
