import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { sha256 } from '#kernel';
import { Known } from './known.ts';
import { KnownHashes } from './known-hashes.ts';

const hash = (n: number) => sha256(String(n)).slice(0, 32);

describe('hashes that are known', () => {
  test('are the same as with sets of strings, through every change of generations', () => {
    const acts = fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 30 })), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), acts, (capacity, acts) => {
        const [strings, hashes] = [new Known<string>(capacity), new KnownHashes(capacity)];
        for (const [adds, n] of acts) {
          if (!adds) expect(hashes.has(hash(n))).toBe(strings.has(hash(n)));
          else {
            strings.add(hash(n));
            hashes.add(hash(n));
          }
        }
      }),
    );
  });

  test('that fall on one place are told apart', () => {
    const known = new KnownHashes(8);
    const [a, b, c] = ['a', 'b', 'c'].map((end) => `${'0'.repeat(31)}${end}`) as [string, string, string];
    known.add(a);
    known.add(b);
    expect([a, b, c].map((one) => known.has(one))).toEqual([true, true, false]);
  });
});
