import { expect, test } from 'bun:test';
import { seededRandom } from '../numeric/random.ts';
import { capPileups } from './cap-pileup.ts';

test('cap pile-up: a cap at 8,192 stands out, a smooth spread does not', () => {
  const random = seededRandom('cap');
  const lengths = Array.from({ length: 5000 }, () => Math.floor(2000 + 12_000 * random()));
  expect(capPileups(lengths)).toEqual([]);
  const capped = lengths.map((n) => Math.min(n, 8192));
  expect(capPileups(capped)[0]!.length).toBe(8192);
  expect(capPileups(capped)).toHaveLength(1);
  expect(() => capPileups([1.5])).toThrow('lengths[0]');
});
