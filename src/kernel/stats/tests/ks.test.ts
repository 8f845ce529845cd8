import { expect, test } from 'bun:test';
import { kolmogorovTail } from '../numeric/kolmogorov.ts';
import { kolmogorovSmirnov } from './ks.ts';

// scipy 1.17.1: ks_2samp(method='exact'), kstwobign.sf, ks_2samp(method='asymp').
test('scipy vectors', () => {
  {
    const r = kolmogorovSmirnov(
      [
        0.61, 0.29, 0.06, 0.59, -1.73, -0.74, 0.51, -0.56, 0.39, 1.64, 0.05, -0.06, 0.64, -0.82, 0.37, 1.77,
        1.09, -1.28, 2.36, 1.31, 1.05, -0.32, -0.4, 1.06, -2.47,
      ],
      [0.9, 1.7, 2.2, 0.35, 1.9, 3.1, 0.71],
    );
    expect(r.statistic).toBeCloseTo(0.5771428571428572, 12);
    expect(r.p).toBeCloseTo(0.032341252864055973, 10);
  }
  {
    const r = kolmogorovSmirnov([0.61, 0.29, 0.06, 0.59, -1.73], [0.9, 1.7, 2.2, 0.35, 1.9, 3.1, 0.71]);
    expect(r.statistic).toBeCloseTo(0.8571428571428571, 12);
    expect(r.p).toBeCloseTo(0.01515151515151515, 10);
  }
  {
    const r = kolmogorovSmirnov([1, 2, 3], [4, 5, 6, 7]);
    expect(r.statistic).toBeCloseTo(1.0, 12);
    expect(r.p).toBeCloseTo(0.05714285714285715, 10);
  }
  expect(kolmogorovTail(0.3)).toBeCloseTo(0.9999906941986655, 10);
  expect(kolmogorovTail(0.5)).toBeCloseTo(0.9639452436648751, 10);
  expect(kolmogorovTail(0.99)).toBeCloseTo(0.2808738392255489, 10);
  expect(kolmogorovTail(1.01)).toBeCloseTo(0.25943416909359746, 10);
  expect(kolmogorovTail(1.36)).toBeCloseTo(0.049485876755377876, 10);
  expect(kolmogorovTail(2.5)).toBeCloseTo(7.453306344157342e-6, 10);
});

test('equal samples differ by nothing', () => {
  expect(kolmogorovSmirnov([1, 2, 3], [3, 2, 1])).toEqual({ statistic: 0, p: 1, n: 6 });
});

test('names the bad argument', () => {
  expect(() => kolmogorovSmirnov([], [1])).toThrow('x ');
  expect(() => kolmogorovSmirnov([1], [1, Number.NaN])).toThrow('y[1]');
});
