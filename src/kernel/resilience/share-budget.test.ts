import { expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  countRequest,
  createShareBudgetState,
  RETRY_BUDGET,
  readShareBudget,
  spend,
} from './share-budget.ts';

const HARD = { share: 0.05, floor: 0, window: 600_000 };

test('without a floor never more than the share of the requests so far, whatever the order of events', () => {
  const events = fc.array(
    fc.record({ gap: fc.integer({ min: 0, max: 9_000 }), want: fc.integer({ min: 0, max: 40 }) }),
    {
      maxLength: 400,
    },
  );
  fc.assert(
    fc.property(events, (list) => {
      const state = createShareBudgetState();
      let now = 1e12;
      let requests = 0;
      let spent = 0;
      for (const { gap, want } of list) {
        now += gap;
        countRequest(state, now, HARD);
        requests++;
        for (let i = 0; i < want; i++) if (spend(state, now, HARD)) spent++;
        expect(spent).toBeLessThanOrEqual(requests * 0.05);
      }
    }),
    { seed: 4, numRuns: 60 },
  );
});

test('the sliding sums equal a recount', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -3_000, max: 40_000 }), { maxLength: 200 }), (gaps) => {
      const state = createShareBudgetState();
      const seen: number[] = [];
      let now = 1e6;
      let newest = 0;
      for (const gap of gaps) {
        now += gap;
        countRequest(state, now, RETRY_BUDGET);
        newest = Math.max(newest, Math.floor(now / 5_000));
        seen.push(newest);
        const { requests } = readShareBudget(state, now, RETRY_BUDGET);
        expect(requests).toBe(seen.filter((slot) => slot > newest - 12).length);
      }
    }),
    { seed: 5, numRuns: 60 },
  );
});

test('retries: a tenth of a busy minute, and ten of a quiet one', () => {
  const state = createShareBudgetState();
  let allowed = 0;
  for (let i = 0; i < 6_000; i++) {
    countRequest(state, i * 10, RETRY_BUDGET);
    if (spend(state, i * 10, RETRY_BUDGET)) allowed++;
  }
  expect(allowed).toBe(600);
  expect(readShareBudget(state, 60_000 * 3, RETRY_BUDGET)).toEqual({ requests: 0, spent: 0, left: 10 });
  const quiet = createShareBudgetState();
  countRequest(quiet, 0, RETRY_BUDGET);
  let few = 0;
  for (let i = 0; i < 100; i++) if (spend(quiet, 1, RETRY_BUDGET)) few++;
  expect(few).toBe(10);
});
