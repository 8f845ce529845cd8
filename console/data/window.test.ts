import { expect, test } from 'bun:test';
import { readWindow, refreshMs, windowBounds } from './window.ts';

test('two ends win over a range, and the default range is left out of the address', () => {
  expect(readWindow({ range: '6h', from: '100', to: '200', route: 'a' })).toEqual({
    from: 100,
    to: 200,
    route: 'a',
  });
  expect(readWindow({ range: '1h', tenant: 'acme', feature: 7, route: '' })).toEqual({
    tenant: 'acme',
    feature: '7',
  });
  expect(readWindow({ range: '1h' })).toEqual({});
  expect(readWindow({ range: '6h' })).toEqual({ range: '6h' });
});

test('ends that make no sense fall back to the range', () => {
  expect(readWindow({ from: '200', to: '100', range: '7d' })).toEqual({ range: '7d' });
  expect(readWindow({ from: 'x', to: '100' })).toEqual({});
});

test('a range follows the clock in whole seconds, fixed ends do not move', () => {
  expect(windowBounds({}, 3_600_000_123)).toEqual({ from: 3_600_001_000 - 3_600_000, to: 3_600_001_000 });
  expect(windowBounds({ from: 5, to: 9 }, 1e12)).toEqual({ from: 5, to: 9 });
  expect([refreshMs({}), refreshMs({ range: '30d' }), refreshMs({ from: 1, to: 2 })]).toEqual([
    5000,
    60_000,
    false,
  ]);
});
