import { expect, test } from 'bun:test';
import { isProblem } from '../problem.ts';
import { effectsOf, faultFromModel, faultsFromHeader } from './choose.ts';

test('a model name chooses a fault and fills its main parameter', () => {
  expect(faultFromModel('gpt-5.5')).toBeUndefined();
  expect(faultFromModel('sim-fault-slow-first-token')).toMatchObject({
    fault: { name: 'slow-first-token' },
    params: {},
  });
  expect(faultFromModel('sim-fault-status-503')).toMatchObject({ params: { code: '503' } });
  expect(faultFromModel('sim-fault-silence-5')).toMatchObject({ status: 400 });
});

test('a header chooses several', () => {
  const choices = faultsFromHeader('slow-drip;gap=5, cut;after=2;pause=1ms');
  expect(choices).toMatchObject([
    { fault: { name: 'slow-drip' }, params: { gap: '5' } },
    { fault: { name: 'cut' }, params: { after: '2', pause: '1ms' } },
  ]);
  expect(faultsFromHeader('cut;after')).toMatchObject({ message: expect.stringContaining('name=value') });
});

test.each(['status;code=200', 'cut;after=many', 'cut;aftr=3', 'stall;after=-1'])(
  '%s is refused, not ignored',
  (header) => {
    const effects = effectsOf([], 'sim', header);
    expect(isProblem(effects)).toBe(true);
  },
);

test('faults compose: both act on one answer', () => {
  const effects = effectsOf([], 'sim-fault-latency-multiplier-3', 'missing-usage');
  expect(Array.isArray(effects) && effects.map((effect) => Object.keys(effect))).toEqual([
    ['law'],
    ['rendering'],
  ]);
});
