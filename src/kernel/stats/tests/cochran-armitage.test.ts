import { expect, test } from 'bun:test';
import { cochranArmitage } from './cochran-armitage.ts';

test('Cochran–Armitage: R ?prop.trend.test, smokers', () => {
  const levels = [83, 90, 129, 70].map((k, i) => ({ k, n: [86, 93, 136, 82][i]! }));
  const r = cochranArmitage(levels);
  expect(r.statistic ** 2).toBeCloseTo(8.2249, 4);
  expect(r.statistic).toBeGreaterThan(0);
  expect(r.p).toBeCloseTo(0.004132, 6);
});
