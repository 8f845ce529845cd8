import { expect, test } from 'bun:test';
import type { AskFacets } from '#contracts';
import type { Step } from './plan.ts';
import { hourWeights } from './weights.ts';

const ASK = { stream: true, bytes: 400, model: 'm' } as AskFacets;
const climate = (normal: Readonly<Record<string, number>>) => ({
  normal: (_: Step, model: string) => normal[model],
});
const plan = (...tiers: { readonly byHour?: boolean; readonly models: readonly string[] }[]): Step[] =>
  tiers.flatMap(({ byHour, models }) => {
    const tier = { name: 't', targets: [], ...(byHour && { byHour }) };
    return models.map((model) => ({ tier, target: { model } }) as unknown as Step);
  });

test('within a tier that goes by the hour the faster take more, each tier by itself', () => {
  const steps = plan({ byHour: true, models: ['a', 'b'] }, { models: ['c', 'd'] });
  expect(hourWeights(climate({ a: 2_000, b: 1_000, c: 1, d: 9 }), steps, ASK)).toEqual([1 / 8, 1, 1, 1]);
});

test('until all of a tier are known they are alike', () => {
  const steps = plan({ byHour: true, models: ['a', 'b'] });
  expect(hourWeights(climate({ a: 2_000 }), steps, ASK)).toEqual([1, 1]);
});
