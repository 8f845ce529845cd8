import { describe, expect, test } from 'bun:test';
import { drawBinomial, drawIndex, seededRandom } from '../numeric/random.ts';
import {
  bisectAdvise,
  bisectMismatch,
  bisectPosterior,
  bisectStart,
  bisectTell,
  callsBad,
  hypotheses,
} from './bisect.ts';

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
