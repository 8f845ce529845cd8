import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { seededRandom, shuffle } from '../numeric/random.ts';
import { alignRuns, findFork } from './alignment.ts';

describe('alignment', () => {
  const run = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 });

  /** Score of an alignment, and of the best one by plain recursion over every path. */
  const scoreOf = (a: readonly string[], b: readonly string[]) =>
    alignRuns(a, b).reduce((sum, { kind, length }) => {
      if (kind === 'same') return sum + length;
      return sum - (kind === 'changed' ? 0.5 * length : 0.6 + 0.1 * (length - 1));
    }, 0);
  const bestScore = (a: readonly string[], b: readonly string[]) => {
    const memo = new Map<string, number>();
    const go = (i: number, j: number, gap: '' | 'a' | 'b'): number => {
      if (i === a.length && j === b.length) return 0;
      const key = `${i},${j},${gap}`;
      const known = memo.get(key);
      if (known !== undefined) return known;
      let best = -Infinity;
      if (i < a.length && j < b.length) best = go(i + 1, j + 1, '') + (a[i] === b[j] ? 1 : -0.5);
      if (i < a.length) best = Math.max(best, go(i + 1, j, 'a') - (gap === 'a' ? 0.1 : 0.6));
      if (j < b.length) best = Math.max(best, go(i, j + 1, 'b') - (gap === 'b' ? 0.1 : 0.6));
      memo.set(key, best);
      return best;
    };
    return go(0, 0, '');
  };

  test('covers both runs in order, and is optimal on small ones', () => {
    fc.assert(
      fc.property(run, run, (a, b) => {
        let i = 0;
        let j = 0;
        for (const block of alignRuns(a, b)) {
          expect([block.a, block.b]).toEqual([i, j]);
          if (block.kind !== 'added') i += block.length;
          if (block.kind !== 'removed') j += block.length;
          if (block.kind === 'same') expect(a.slice(block.a, i)).toEqual(b.slice(block.b, j));
        }
        expect([i, j]).toEqual([a.length, b.length]);
        // Cutting equal ends off first can cost a little where a gap touches them, never more than one gap opening.
        expect(bestScore(a, b) - scoreOf(a, b)).toBeLessThan(0.6);
      }),
      { seed: 33, numRuns: 400 },
    );
  });

  test('long runs go through anchors and the foreign path', () => {
    const random = seededRandom('align');
    const a = Array.from({ length: 3000 }, (_, i) => `s${i}`);
    const b = a.flatMap((step, i) =>
      i % 97 === 50 ? [] : i % 89 === 10 ? [step, step] : i % 101 === 7 ? [`x${i}`] : [step],
    );
    const same = alignRuns(a, b)
      .filter((block) => block.kind === 'same')
      .reduce((sum, block) => sum + block.length, 0);
    expect(same).toBeGreaterThan(2900);
    expect(
      alignRuns(
        a,
        a.map((s) => `other-${s}`),
      ),
    ).toEqual([
      { kind: 'removed', a: 0, b: 0, length: 3000 },
      { kind: 'added', a: 3000, b: 0, length: 3000 },
    ]);
    const shuffled = shuffle(random, [...a]);
    expect(
      alignRuns(a, shuffled).reduce((sum, block) => sum + (block.kind === 'added' ? 0 : block.length), 0),
    ).toBe(3000);
  });

  test('a retry is no fork; a changed, missing or extra step is, at its place', () => {
    expect(findFork(['a', 'b', 'c'], ['a', 'b', 'b', 'c'])).toBeUndefined();
    expect(findFork(['a', 'a', 'b', 'c'], ['a', 'b', 'c', 'c'])).toBeUndefined();
    expect(findFork(['a', 'b', 'c'], ['a', 'x', 'c'])).toEqual({ kind: 'changed', a: 1, b: 1 });
    expect(findFork(['a', 'b', 'b', 'c', 'd'], ['a', 'b', 'x', 'y', 'z'])).toEqual({
      kind: 'changed',
      a: 3,
      b: 2,
    });
    expect(findFork(['a', 'b', 'c'], ['a', 'c'])).toEqual({ kind: 'removed', a: 1, b: 1 });
    expect(findFork(['a', 'c'], ['a', 'b', 'c'])).toEqual({ kind: 'added', a: 1, b: 1 });
    expect(findFork(['a'], ['a', 'b'])).toEqual({ kind: 'added', a: 1, b: 1 });
    expect(findFork([], [])).toBeUndefined();
  });
});
