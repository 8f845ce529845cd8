import { expect, test } from 'bun:test';
import { judge, never } from './measure.ts';

test('no data is never a pass', () => {
  for (const goal of [{ kind: 'never' }, { kind: 'rate', atMost: 1 }] as const)
    expect(
      judge(goal, [goal.kind === 'never' ? never(0, 0) : { kind: 'rate', events: 0, n: 0 }]).verdict,
    ).toBe('unknown');
  expect(judge({ kind: 'every', atMost: 1 }, [{ kind: 'values', values: [] }]).verdict).toBe('unknown');
  expect(judge({ kind: 'quantile', q: 0.5, atMost: 1 }, [{ kind: 'values', values: [] }]).verdict).toBe(
    'unknown',
  );
});

test('one broken case of all seeds is bad, and is shown', () => {
  expect(judge({ kind: 'never' }, [never(0, 50), never(0, 50)])).toMatchObject({ verdict: 'good', n: 100 });
  expect(judge({ kind: 'never' }, [never(0, 50), never(1, 50, ['that one'])])).toMatchObject({
    verdict: 'bad',
    value: 1,
    examples: ['that one'],
  });
});

test('a clean sheet of ten proves less than one of ten thousand', () => {
  expect(judge({ kind: 'never' }, [never(0, 10)]).high).toBeGreaterThan(0.25);
  expect(judge({ kind: 'never' }, [never(0, 10_000)]).high).toBeLessThan(0.0004);
});

test('a rate is judged by its whole interval, pooled over seeds', () => {
  const goal = { kind: 'rate', atMost: 0.05 } as const;
  const rate = (events: number, n: number) => ({ kind: 'rate', events, n }) as const;
  expect(judge(goal, [rate(1, 500), rate(3, 500)])).toMatchObject({
    verdict: 'good',
    value: 0.004,
    n: 1_000,
  });
  expect(judge(goal, [rate(4, 100)]).verdict).toBe('unknown');
  expect(judge(goal, [rate(200, 1_000)]).verdict).toBe('bad');
});

test('a quantile by its order statistics; too few values leave an end open', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  const middle = judge({ kind: 'quantile', q: 0.5, atMost: 61 }, [{ kind: 'values', values: hundred }]);
  // Ranks 40 and 61 of 100: the textbook 95 % interval of a median.
  expect(middle).toMatchObject({ low: 40, high: 61, verdict: 'good' });
  expect(judge({ kind: 'quantile', q: 0.5, atMost: 55 }, [{ kind: 'values', values: hundred }]).verdict).toBe(
    'unknown',
  );
  expect(judge({ kind: 'quantile', q: 0.5, atMost: 30 }, [{ kind: 'values', values: hundred }]).verdict).toBe(
    'bad',
  );
  const few = judge({ kind: 'quantile', q: 0.95, atMost: 1_000 }, [{ kind: 'values', values: [1, 2, 3] }]);
  expect(few).toMatchObject({ high: Number.POSITIVE_INFINITY, verdict: 'unknown' });
});

test('every value counts, and the one outside is the one shown', () => {
  const goal = { kind: 'every', atLeast: -0.01, atMost: 0.01 } as const;
  expect(
    judge(goal, [
      { kind: 'values', values: [0.001] },
      { kind: 'values', values: [-0.002] },
    ]).verdict,
  ).toBe('good');
  expect(judge(goal, [{ kind: 'values', values: [0.001, 0.02] }])).toMatchObject({
    verdict: 'bad',
    value: 0.02,
  });
});

test('a measure of the wrong kind is a mistake of the drill, not a verdict', () => {
  expect(() => judge({ kind: 'never' }, [{ kind: 'values', values: [0] }])).toThrow(RangeError);
});

test('what never came is the largest value, not a crash', () => {
  const found = [
    ...Array.from({ length: 96 }, (_, i) => i),
    ...new Array<number>(4).fill(Number.POSITIVE_INFINITY),
  ];
  const measures = [{ kind: 'values', values: found }] as const;
  expect(judge({ kind: 'quantile', q: 0.5, atMost: 70 }, measures)).toMatchObject({
    value: 49,
    verdict: 'good',
  });
  expect(judge({ kind: 'quantile', q: 0.98, atMost: 70 }, measures)).toMatchObject({
    value: Number.POSITIVE_INFINITY,
    verdict: 'bad',
  });
});
