import { expect, test } from 'bun:test';
import { seededRandom } from '../numeric/random.ts';
import { forecast } from './forecast.ts';

test('forecast: constants are exact, the quantiles of a log-normal are its own', () => {
  const random = seededRandom('forecast');
  const exact = forecast(
    {
      segments: [
        {
          name: 'a',
          factors: [
            { kind: 'constant', value: 3 },
            { kind: 'constant', value: 5 },
          ],
        },
      ],
      runs: 10,
    },
    random,
  );
  expect([exact.p50, exact.p90, exact.mean]).toEqual([15, 15, 15]);
  const spread = forecast(
    { segments: [{ name: 'a', factors: [{ kind: 'log-normal', median: 100, sigma: 0.5 }] }], runs: 20_000 },
    random,
  );
  expect(Math.abs(spread.p50 / 100 - 1)).toBeLessThan(0.03);
  expect(Math.abs(spread.p90 / (100 * Math.exp(0.5 * 1.2816)) - 1)).toBeLessThan(0.03);
  const two = forecast(
    {
      segments: [
        { name: 'a', factors: [{ kind: 'measured', values: [1, 3] }] },
        { name: 'b', factors: [{ kind: 'share', k: 30, n: 100 }] },
      ],
    },
    random,
  );
  expect(two.shares.map((s) => s.share).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
  expect(() =>
    forecast({ segments: [{ name: 'a', factors: [{ kind: 'measured', values: [] }] }] }, random),
  ).toThrow('segments[0].factors[0].values');
});
