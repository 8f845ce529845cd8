import { expect, test } from 'bun:test';
import { seededRandom } from '../stats/index.ts';
import { type ParityState, parity } from './parity.ts';

const rule = parity({ margin: 0.02 });
const EDGES = 300;

interface Life {
  /** Share that breaks, by item. */
  readonly breaks: (i: number) => number;
  /** Of the first tier. */
  readonly own?: number;
  readonly items: number;
}

/** Items until the report, of each edge that drew one. */
function reports(name: string, { breaks, own = 0, items }: Life): readonly number[] {
  const found: number[] = [];
  for (let edge = 0; edge < EDGES; edge++) {
    const random = seededRandom(name, edge);
    let state: ParityState = rule.start;
    for (let i = 0; i < items; i++) {
      state = rule.step(state, random() < breaks(i), own);
      if (!state.breached) continue;
      found.push(i + 1);
      break;
    }
  }
  return found;
}

test('8 % of broken schemas are found within 475 items, in 295 edges of 300 at least', () => {
  expect(reports('broken', { breaks: () => 0.08, items: 475 }).length).toBeGreaterThanOrEqual(295);
});

test('a sound fallback is not reported in 2,000 items; one exactly at the margin hardly ever', () => {
  expect(reports('sound', { breaks: () => 0.004, items: 2_000 })).toEqual([]);
  // P(report within n) ≤ n/c = 0.1, of 300.
  expect(reports('margin', { breaks: () => 0.02, items: 2_000 }).length).toBeLessThanOrEqual(45);
});

test('what the first tier breaks itself is not held against its fallback, what comes on top is', () => {
  expect(reports('alike', { breaks: () => 0.06, own: 0.06, items: 1_000 })).toEqual([]);
  expect(reports('worse', { breaks: () => 0.16, own: 0.06, items: 500 }).length).toBeGreaterThan(290);
});

test('a fallback that was sound for long is found as soon as a new one', () => {
  const items = 3_000 + 475;
  const late = reports('late', { breaks: (i) => (i < 3_000 ? 0.002 : 0.08), items });
  expect(late.length).toBeGreaterThanOrEqual(295);
  expect(late.toSorted((a, b) => a - b)[EDGES >> 1]).toBeLessThan(3_000 + 160);
});

test('a report stands until it is surely well again, and evidence then begins anew', () => {
  let state: ParityState = rule.start;
  while (!state.breached) state = rule.step(state, state.n % 5 === 0);
  expect(rule.read(state).verdict).toBe('BREACHED');
  let good = 0;
  for (; state.breached; good++) state = rule.step(state, false);
  expect(good).toBeGreaterThan(200);
  expect(good).toBeLessThan(500);
  expect(rule.read(state).verdict).not.toBe('BREACHED');
  expect(state.detector).toEqual(rule.start.detector);
});

test('at parity is what surely is, not what was not seen', () => {
  let state: ParityState = rule.start;
  expect(rule.read(state)).toEqual({ n: 0, own: 0, allowed: 0.02, verdict: 'UNKNOWN' });
  for (let i = 0; i < 500; i++) state = rule.step(state, false);
  expect(rule.read(state)).toMatchObject({ n: 500, estimate: 0, verdict: 'MET' });
});
