import { expect, test } from 'bun:test';
import type { ExchangeId, ShadowPair, ShadowSide } from '#contracts';
import { seeded } from '#kernel';
import { shadowViews } from './shadows.ts';

const side = (more: Partial<ShadowSide> = {}): ShadowSide => ({
  exchange: 'x' as ExchangeId,
  target: 'up/m',
  outcome: 'complete',
  length: 10,
  tools: [],
  totalMs: 100,
  microUsd: 50,
  costState: 'exact',
  ...more,
});
const pair = (served: Partial<ShadowSide>, shadow: Partial<ShadowSide>, more: Partial<ShadowPair> = {}) => ({
  at: 1,
  route: 'chat',
  by: 'route',
  served: side(served),
  shadow: side({ target: 'twin/c', ...shadow }),
  agreement: { good: true, end: true },
  ...more,
});

test('what the pairs say, with what does not rule it out', () => {
  const pairs = Array.from({ length: 10 }, (_, i) =>
    pair({}, { totalMs: 100 * (i + 1), microUsd: 25 }, { at: 10 - i, similarity: 0.5 }),
  );
  const bad = pair(
    {},
    { outcome: 'error', totalMs: 1, microUsd: 0 },
    { at: 0, agreement: { good: false, end: false } },
  );
  const [view, ...others] = shadowViews([...pairs, bad]);
  expect(others).toEqual([]);
  expect(view).toMatchObject({
    route: 'chat',
    target: 'twin/c',
    pairs: 11,
    since: 0,
    good: { served: { count: 11 }, shadow: { count: 10, n: 11 }, both: { count: 10 } },
    agree: { end: { count: 10, n: 11 } },
    // Of good pairs alone: a failed answer is fast and cheap. The 2nd and 9th of ten bound the median.
    latency: { n: 10, median: 5.5, low: 2, high: 9 },
    cost: { n: 10, median: 0.5, low: 0.5, high: 0.5 },
    similarity: { n: 10, median: 0.5 },
  });
  expect(view?.differing).toEqual([bad]);
  expect(view?.agree.tools).toBeUndefined();
  expect(view?.firstToken).toBeUndefined();
});

test('too few pairs have no interval, and an unpriced one no cost', () => {
  const [view] = shadowViews([pair({}, { costState: 'unpriced' }), pair({}, {}), pair({ microUsd: 0 }, {})]);
  expect(view?.latency).toEqual({ n: 3, median: 1 });
  expect(view?.cost).toEqual({ n: 1, median: 1 });
});

test('the interval holds the median of what the ratios are drawn from, in 95 of 100 times and more', () => {
  const random = seeded(7);
  for (const n of [6, 40, 1_500]) {
    let held = 0;
    const times = 300;
    for (let i = 0; i < times; i++) {
      const drawn = Array.from({ length: n }, () => pair({}, { totalMs: 100 * 2 ** (random() - 0.5) }));
      const { low = 0, high = 0 } = shadowViews(drawn)[0]?.latency ?? {};
      if (low <= 1 && 1 <= high) held++;
    }
    // Three standard errors of 95 % of 300 below it.
    expect(held / times).toBeGreaterThan(0.91);
  }
});
