import { expect, test } from 'bun:test';
import { benjaminiHochberg, eBenjaminiHochberg, holm, LOND_START, lond } from './multiplicity.ts';

test('Benjamini and Hochberg 1995: 4 rejections where Holm has 3', () => {
  const p = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528,
    0.759, 1,
  ];
  expect(benjaminiHochberg(p).filter((q) => q <= 0.05)).toHaveLength(4);
  expect(holm(p).filter((q) => q <= 0.05)).toHaveLength(3);
  // R: p.adjust(c(.01,.02,.03,.04), "holm") and "BH".
  for (const [i, q] of holm([0.01, 0.02, 0.03, 0.04]).entries())
    expect(q).toBeCloseTo(i === 0 ? 0.04 : 0.06, 12);
  for (const q of benjaminiHochberg([0.01, 0.02, 0.03, 0.04])) expect(q).toBeCloseTo(0.04, 12);
});

test('e-BH: Wang and Ramdas by hand', () => {
  expect(eBenjaminiHochberg([50, 1, 90, 10, 0], 0.1)).toEqual([2, 0]);
  expect(eBenjaminiHochberg([1, 1, 1])).toEqual([]);
  expect(() => eBenjaminiHochberg([Number.NaN])).toThrow('e[0]');
});

test('LOND spends less than alpha without discoveries and more after one', () => {
  let state = LOND_START;
  let spent = 0;
  for (let i = 0; i < 1000; i++) {
    const r = lond(state, 1);
    spent += r.level;
    state = r.state;
  }
  expect(spent).toBeLessThan(0.05);
  const after = lond(lond(LOND_START, 0).state, 1).level;
  expect(after).toBeCloseTo(2 * lond({ tests: 1, discoveries: 0 }, 1).level, 12);
});
