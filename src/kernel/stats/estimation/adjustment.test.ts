import { expect, test } from 'bun:test';
import { drawNormal, seededRandom } from '../numeric/random.ts';
import { adjust, fitAdjustment } from './adjustment.ts';
import { median } from './quantiles.ts';

const world = (random: () => number, n: number, shift = 0) =>
  Array.from({ length: n }, () => {
    const x = 6 + 0.9 * drawNormal(random);
    const group = random() < 0.5 ? 'chat' : 'code';
    const wild = random() < 0.002 ? 8 : 0;
    return { x, group, y: (group === 'chat' ? -7 : -4) + 0.8 * x + 0.35 * drawNormal(random) + wild + shift };
  });

test('recovers slope and spread, and a shift of 15 % stands out by its own σ', () => {
  const random = seededRandom('adjust');
  const fit = fitAdjustment(world(random, 4000));
  expect(Math.abs(fit.slope - 0.8)).toBeLessThan(0.03);
  expect(Math.abs(fit.sigma - 0.35)).toBeLessThan(0.02);
  expect(JSON.stringify(fit).length).toBeLessThan(2048);
  const z = world(random, 4000, Math.log(1.15)).map((o) => adjust(JSON.parse(JSON.stringify(fit)), o));
  expect(Math.abs(median(z) - Math.log(1.15) / 0.35)).toBeLessThan(0.06);
  expect(Math.max(...z)).toBeLessThanOrEqual(fit.cap);
});

test('an unknown group takes the overall level; a name of Object.prototype is no group', () => {
  const fit = fitAdjustment(world(seededRandom('groups'), 500));
  const o = { ...fit.overall, group: 'new' };
  expect(adjust(fit, o)).toBeCloseTo(0, 12);
  expect(adjust(fit, { ...o, group: 'constructor' })).toBeCloseTo(0, 12);
});

test('names the bad argument', () => {
  expect(() => fitAdjustment([])).toThrow('observations');
  expect(() => fitAdjustment([1, 2, 3].map(() => ({ y: 1, x: 1, group: 'a' })))).toThrow('observations');
  expect(() =>
    fitAdjustment([
      { y: Number.NaN, x: 0, group: 'a' },
      { y: 1, x: 0, group: 'a' },
      { y: 2, x: 0, group: 'a' },
    ]),
  ).toThrow('observations[0].y');
});
