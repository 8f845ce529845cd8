import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { drawBinomial, drawIndex, seededRandom, shuffle } from '../numeric/random.ts';
import { alignRuns, findFork } from './alignment.ts';
import {
  bisectAdvise,
  bisectMismatch,
  bisectPosterior,
  bisectStart,
  bisectTell,
  callsBad,
  hypotheses,
} from './bisect.ts';
import { capPileups } from './cap-pileup.ts';
import { coveringArray } from './covering-array.ts';
import { ddmin, ddminNext, ddminStart, ddminTell } from './ddmin.ts';
import { degradation, degradationIntervals, weightedAccuracy } from './degradation.ts';
import { lineAdvise, lineStart, lineTell } from './line-bisect.ts';

describe('ddmin', () => {
  test("Zeller's example: 1, 7 and 8 of eight", () => {
    expect(ddmin([1, 2, 3, 4, 5, 6, 7, 8], (s) => [1, 7, 8].every((x) => s.includes(x)))).toEqual([1, 7, 8]);
  });

  test('finds exactly the planted set, from a state that went through JSON each step', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 39 }), { minLength: 1, maxLength: 5 }),
        (planted) => {
          let state = ddminStart(40);
          for (let subset = ddminNext(state); subset; subset = ddminNext(state)) {
            state = JSON.parse(
              JSON.stringify(
                ddminTell(
                  state,
                  planted.every((x) => subset!.includes(x)),
                ),
              ),
            );
          }
          expect([...state.kept]).toEqual(planted.toSorted((a, b) => a - b));
          expect(JSON.stringify(state).length).toBeLessThan(2048);
        },
      ),
      { seed: 31 },
    );
  });

  test('a single culprit among 1,024 costs about 2·log₂ n tests', () => {
    let state = ddminStart(1024);
    for (let subset = ddminNext(state); subset; subset = ddminNext(state))
      state = ddminTell(state, subset.includes(777));
    expect(state.kept).toEqual([777]);
    expect(state.tests).toBeLessThanOrEqual(20);
  });
});

describe('bisect', () => {
  test('the hypothesis set is complete: K² beside «no difference»', () => {
    expect(hypotheses(4)).toHaveLength(17);
    expect(hypotheses(5)).toHaveLength(26);
    // All-old is good and all-new is bad under each of them.
    for (const h of hypotheses(5).slice(1)) {
      expect(callsBad(h, 0)).toBe(false);
      expect(callsBad(h, 31)).toBe(true);
    }
    const patterns = new Set(
      hypotheses(5).map((h) => Array.from({ length: 32 }, (_, c) => callsBad(h, c)).join()),
    );
    expect(patterns.size).toBe(26);
  });

  const search = (
    truth: ReturnType<typeof hypotheses>[number],
    random: () => number,
    good: number,
    bad: number,
  ) => {
    let state = bisectStart(5);
    for (const cell of [0, 31]) {
      const passed = drawBinomial(random, 60, callsBad(truth, cell) ? bad : good);
      state = bisectTell(state, cell, { passed, failed: 60 - passed });
    }
    for (let runs = 0; runs < 1500; runs += 4) {
      const advice = bisectAdvise(state);
      if (advice.decided) return { found: advice.best.hypothesis, state, runs };
      const passed = drawBinomial(random, 4, callsBad(truth, advice.next) ? bad : good);
      state = JSON.parse(JSON.stringify(bisectTell(state, advice.next, { passed, failed: 4 - passed })));
    }
    return { found: undefined, state, runs: 1500 };
  };

  test('finds singles, ANDs and ORs at .95 against .50', () => {
    const random = seededRandom('bisect');
    const list = hypotheses(5).slice(1);
    let right = 0;
    let runs = 0;
    for (let i = 0; i < 40; i++) {
      const truth = list[drawIndex(random, list.length)]!;
      const result = search(truth, random, 0.95, 0.5);
      if (JSON.stringify(result.found) === JSON.stringify(truth)) right++;
      runs += result.runs;
    }
    expect(right).toBeGreaterThanOrEqual(36);
    expect(runs / 40).toBeLessThan(60);
  });

  test('leans to «none» when nothing differs, and stays below 2 KB', () => {
    const random = seededRandom('none');
    const { state } = search({ kind: 'none' }, random, 0.9, 0.9);
    expect(bisectAdvise(state, { none: 0.5 }).best.hypothesis).toEqual({ kind: 'none' });
    expect(JSON.stringify(state).length).toBeLessThan(2048);
  });

  test('a three-way interaction shows as a mismatch, a true pair does not', () => {
    const random = seededRandom('mismatch');
    const fill = (isBad: (cell: number) => boolean) => {
      let state = bisectStart(4);
      for (let cell = 0; cell < 16; cell++) {
        const passed = drawBinomial(random, 30, isBad(cell) ? 0.3 : 0.95);
        state = bisectTell(state, cell, { passed, failed: 30 - passed });
      }
      return bisectMismatch(state, { random });
    };
    expect(fill((cell) => (cell & 7) === 7)).toBeLessThan(0.01);
    expect(fill((cell) => (cell & 3) === 3)).toBeGreaterThan(0.01);
  });

  test('known rates are used', () => {
    const state = bisectTell(bisectStart(2), 1, { passed: 0, failed: 3 });
    const top = bisectPosterior(state, { known: { good: 0.99, bad: 0.1 }, none: 0 })[0]!;
    expect(callsBad(top.hypothesis, 1)).toBe(true);
    expect(() => bisectTell(state, 4, { passed: 1, failed: 0 })).toThrow('cell');
    expect(() => bisectStart(11)).toThrow('axes');
  });
});

test('noisy bisection on a line: right at 5 % flakes, and the credible run holds the truth', () => {
  const random = seededRandom('line');
  let right = 0;
  let runs = 0;
  for (let i = 0; i < 60; i++) {
    const n = 200;
    const truth = 1 + drawIndex(random, n - 1);
    let state = lineStart(n);
    let advice = lineAdvise(state, { stop: 0.99 });
    let used = 0;
    for (; !advice.decided && used < 300; used++) {
      const bad = advice.next >= truth !== random() < 0.05;
      state = lineTell(state, advice.next, bad ? { passed: 0, failed: 1 } : { passed: 1, failed: 0 });
      advice = lineAdvise(state, { stop: 0.99 });
    }
    runs += used;
    if (advice.best === truth) right++;
    expect(advice.credible.from).toBeLessThanOrEqual(advice.best);
  }
  expect(right).toBeGreaterThanOrEqual(57);
  expect(runs / 60).toBeLessThan(40);
});

describe('covering arrays', () => {
  const covers = (levels: readonly number[], rows: readonly (readonly number[])[]) => {
    for (let i = 0; i < levels.length; i++) {
      for (let j = i + 1; j < levels.length; j++) {
        const seen = new Set(rows.map((row) => row[i]! * levels[j]! + row[j]!));
        if (seen.size !== levels[i]! * levels[j]!) return false;
      }
    }
    return rows.every((row) => row.length === levels.length && row.every((v, i) => v >= 0 && v < levels[i]!));
  };

  test('five binary axes in six rows, and the optimum beyond', () => {
    for (const [axes, rows] of [
      [2, 4],
      [3, 4],
      [4, 5],
      [5, 6],
      [10, 6],
      [11, 7],
      [15, 7],
      [35, 8],
    ] as const) {
      const levels = new Array(axes).fill(2);
      const array = coveringArray(levels);
      expect(covers(levels, array)).toBe(true);
      expect(array).toHaveLength(rows);
    }
  });

  test('mixed levels cover every pair', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 2, max: 5 }), { minLength: 2, maxLength: 7 }), (levels) => {
        const array = coveringArray(levels);
        expect(covers(levels, array)).toBe(true);
        const [a, b] = levels.toSorted((x, y) => y - x) as [number, number];
        expect(array.length).toBeLessThanOrEqual(2.2 * a * b);
      }),
      { seed: 32, numRuns: 60 },
    );
    expect(() => coveringArray([2, 1])).toThrow('levels[1]');
  });
});

describe('degradation', () => {
  const at = (rates: readonly number[], n = 100) => rates.map((p) => ({ k: Math.round(p * n), n }));

  test('flat, graceful, cliff, with knee and retention', () => {
    expect(degradation(at([0.92, 0.93, 0.91, 0.92, 0.92, 0.93])).class).toBe('flat');
    const slope = degradation(at([0.92, 0.86, 0.8, 0.74, 0.68, 0.62]));
    expect(slope.class).toBe('graceful');
    expect(slope.knee).toBe(2);
    const cliff = degradation(at([0.92, 0.92, 0.92, 0.55, 0.55, 0.55]));
    expect(cliff.class).toBe('cliff');
    expect(cliff.knee).toBe(3);
    expect(cliff.cliffIndex).toBe(1);
    expect(cliff.retention).toBeCloseTo((2.5 * 0.92 + 2.5 * 0.55) / 5 / 0.92, 9);
    expect(degradation(at([0, 0])).retention).toBe(1);
  });

  test('intervals come from whole Cases', () => {
    const random = seededRandom('cases');
    const cases = Array.from({ length: 60 }, () =>
      [0.92, 0.9, 0.6].map((p) => ({ k: random() < p ? 1 : 0, n: 1 })),
    );
    const r = degradationIntervals(cases, { random, runs: 200 });
    expect(r.knee.estimate).toBe(2);
    expect(r.retention.lower).toBeLessThan(r.retention.upper);
  });

  test('bins without a Case are named, never filled', () => {
    const r = weightedAccuracy([
      { name: 'short', weight: 0.5, k: 9, n: 10 },
      { name: 'long', weight: 0.3, k: 5, n: 10 },
      { name: 'huge', weight: 0.2, k: 0, n: 0 },
    ]);
    expect(r.accuracy).toBeCloseTo(0.6 / 0.8, 12);
    expect(r.missing).toEqual(['huge']);
    expect(r.covered).toBeCloseTo(0.8, 12);
    expect(weightedAccuracy([{ name: 'x', weight: 1, k: 0, n: 0 }])).toEqual({ covered: 0, missing: ['x'] });
  });
});

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

test('cap pile-up: a cap at 8,192 stands out, a smooth spread does not', () => {
  const random = seededRandom('cap');
  const lengths = Array.from({ length: 5000 }, () => Math.floor(2000 + 12_000 * random()));
  expect(capPileups(lengths)).toEqual([]);
  const capped = lengths.map((n) => Math.min(n, 8192));
  expect(capPileups(capped)[0]!.length).toBe(8192);
  expect(capPileups(capped)).toHaveLength(1);
  expect(() => capPileups([1.5])).toThrow('lengths[0]');
});
