import { expect, test } from 'bun:test';
import { Lengths } from './lengths.ts';
import type { Walk } from './walk.ts';

const walk = (feature: string | undefined, maxOutput?: number): Walk =>
  ({
    route: { name: 'chat' },
    who: { ...(feature !== undefined && { feature }) },
    facets: {
      model: 'm',
      structured: false,
      tools: 0,
      choices: 1,
      ...(maxOutput !== undefined && { maxOutput }),
    },
  }) as unknown as Walk;

test('each use of a route has a length of its own, once enough were seen, and none beyond what the caller allows', () => {
  const lengths = new Lengths();
  for (let i = 0; i < 8; i++) {
    expect(lengths.expected(walk('label'))).toBeUndefined();
    lengths.saw(walk('label'), 20);
    lengths.saw(walk('report'), 1_400);
    lengths.saw(walk('report', 1_100), 1_090);
  }
  expect(lengths.expected(walk('label'))).toBeCloseTo(20);
  expect(lengths.expected(walk('report'))).toBeCloseTo(1_400);
  expect(lengths.expected(walk('report', 1_030))).toBe(1_030);
  expect(lengths.expected(walk('chat'))).toBeUndefined();
});

test('it follows a use that changes, and one long answer among short ones is no reason to expect another', () => {
  const lengths = new Lengths();
  for (let i = 0; i < 50; i++) lengths.saw(walk('label'), 20);
  lengths.saw(walk('label'), 10_000);
  expect(lengths.expected(walk('label'))).toBeLessThan(30);
  for (let i = 0; i < 100; i++) lengths.saw(walk('label'), 400);
  expect(lengths.expected(walk('label'))).toBeWithin(350, 450);
});

test('names that callers make up do not fill the memory', () => {
  const lengths = new Lengths();
  for (let i = 0; i < 5_000; i++) lengths.saw(walk(`feature ${i}`), 20);
  expect((lengths as unknown as { means: Map<string, unknown> }).means.size).toBeLessThanOrEqual(2_000);
});
