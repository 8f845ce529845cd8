import { expect, test } from 'bun:test';
import { seededRandom } from '../numeric/random.ts';
import { blockBootstrap, calibrateCusum } from './calibrate.ts';

test('calibration keeps the budget on fresh stretches of a correlated stream', () => {
  const random = seededRandom('calibrate');
  const ar = (n: number) => {
    let z = 0;
    return Array.from({ length: n }, () => {
      z = 0.6 * z + 0.8 * (random() + random() + random() + random() - 2) * Math.sqrt(3);
      return z;
    });
  };
  const pairs = calibrateCusum(
    {
      residuals: ar(1500),
      blockLength: 24,
      length: 168,
      stretches: 60,
      budget: 0.1,
      shift: 2.5,
      ks: [0.75, 1, 1.25],
      hs: [4, 6, 8, 10, 14, 20],
    },
    random,
  );
  expect(pairs[0]!.alarmsPerStretch).toBeLessThanOrEqual(0.1);
  expect(pairs[0]!.delay).toBeLessThan(20);
  expect(blockBootstrap([1, 2, 3, 4], 2, 5, random)).toHaveLength(5);
  expect(() =>
    calibrateCusum(
      {
        residuals: ar(100),
        blockLength: 60,
        length: 10,
        stretches: 1,
        budget: 1,
        shift: 1,
        ks: [1],
        hs: [1],
      },
      random,
    ),
  ).toThrow('residuals');
});
