import { expect, test } from 'bun:test';
import { type Attempt, AXES, type Exchange, NO_COST, NO_USAGE } from '@midwatch/contracts';
import { AXIS_NAMES } from './axes.ts';
import { axisLines, costTable, timeline } from './facts.ts';

const attempt = (over: Partial<Attempt>): Attempt => ({
  number: 1,
  cause: 'first',
  tier: 'primary',
  provider: 'openai',
  model: 'm',
  startedAt: 1_000,
  outcome: 'complete',
  usage: NO_USAGE,
  cost: NO_COST,
  timing: { total: 100 },
  ...over,
});
const exchange = (over: Partial<Exchange>): Exchange =>
  ({
    at: 1_000,
    attempts: [],
    timing: { queued: 0, total: 100, overhead: 1 },
    cost: NO_COST,
    observed: {},
    ...over,
  }) as Exchange;

test('the axes are those of the contract', () => {
  expect([...AXIS_NAMES]).toEqual([...AXES]);
});

test('cost is taken apart by kind and attempt, and says when it does not add up', () => {
  const first = attempt({
    usage: { ...NO_USAGE, input: 10 },
    cost: { microUsd: 5, state: 'exact', parts: { input: 5 } },
  });
  const second = attempt({
    number: 2,
    usage: { ...NO_USAGE, input: 10, output: 4 },
    cost: { microUsd: 12, state: 'exact', parts: { input: 5, output: 6, surcharge: 1 } },
  });
  const table = costTable(exchange({ attempts: [first, second], cost: { microUsd: 17, state: 'exact' } }));
  expect(table.lines).toEqual([
    { kind: 'Input', tokens: 20, microUsd: [5, 5], total: 10 },
    { kind: 'Output', tokens: 4, microUsd: [undefined, 6], total: 6 },
    { kind: 'surcharge', tokens: 0, microUsd: [undefined, 1], total: 1 },
  ]);
  expect(table.off).toBe(0);
  expect(costTable(exchange({ attempts: [first], cost: { microUsd: 9, state: 'exact' } })).off).toBe(4);
});

test('bars stand on one line that begins with the ask and holds the longest', () => {
  const { span, bars } = timeline(
    exchange({
      timing: { queued: 0, total: 400, overhead: 0 },
      attempts: [
        attempt({ timing: { total: 100 } }),
        attempt({ startedAt: 1_200, timing: { firstToken: 100, total: 300 } }),
      ],
    }),
  );
  expect(span).toBe(500);
  expect(bars.map((bar) => [bar.start, bar.firstToken, bar.end])).toEqual([
    [0, undefined, 0.2],
    [0.4, 0.6, 1],
  ]);
});

test('declared and observed stand side by side, and only the model can differ', () => {
  const lines = axisLines({
    axes: { model: 'a', prompt: 'p7' },
    exchange: exchange({ observed: { model: 'b', fingerprint: 'fp_1' } }),
  });
  expect(lines).toEqual([
    { name: 'model', declared: 'a', observed: 'b', note: 'another model', differs: true },
    { name: 'prompt', declared: 'p7' },
    { name: 'fingerprint', observed: 'fp_1' },
  ]);
});

test('a model that the route renamed is no other model', () => {
  const lines = axisLines({
    axes: { model: 'support' },
    exchange: exchange({
      attempts: [attempt({ model: 'gpt-5.5' })],
      observed: { model: 'gpt-5.5-2026-08-14' },
    }),
  });
  expect(lines).toEqual([
    { name: 'model', declared: 'support', observed: 'gpt-5.5-2026-08-14', note: 'alias, resolved' },
  ]);
});
