import { expect, test } from 'bun:test';
import { drawNormal, seededRandom } from '../numeric/random.ts';
import { energyDistance, energyTest } from './energy-distance.ts';

test('energy distance: zero on equal clouds, Székely on the line, test finds a shift', () => {
  expect(energyDistance([[1], [2]], [[1], [2]])).toBe(0);
  expect(energyDistance([[0]], [[3]])).toBe(6);
  const random = seededRandom('energy');
  const cloud = (n: number, shift: number) =>
    Array.from({ length: n }, () =>
      Array.from({ length: 8 }, (_, k) => (k ? 0 : shift) + drawNormal(random)),
    );
  expect(energyTest(cloud(20, 0), cloud(20, 3), { random }).p).toBe(0.005);
  expect(energyTest(cloud(20, 0), cloud(20, 0), { random }).p).toBeGreaterThan(0.01);
  expect(() => energyDistance([[1, 2]], [[1]])).toThrow('y[0]');
});
