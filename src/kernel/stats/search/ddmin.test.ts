import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { ddmin, ddminNext, ddminStart, ddminTell } from './ddmin.ts';

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
