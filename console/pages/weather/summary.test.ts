import { expect, test } from 'bun:test';
import type { ProviderStatus, ProviderView } from '@midwatch/contracts';
import { summary } from './summary.ts';

const sky = (...all: (ProviderStatus | 'refused')[]) =>
  summary(
    all.map((status) => ({
      status: status === 'refused' ? 'healthy' : status,
      keyRefused: status === 'refused',
    })) as unknown as ProviderView[],
  ).says;

test('what is wrong is counted, and what is not known is not called well', () => {
  expect(sky('unknown', 'unknown')).toBe('Nothing is known yet: no target was asked.');
  expect(sky('healthy')).toBe('The one target asked can be relied on.');
  expect(sky('healthy', 'watch', 'unknown')).toBe(
    'All 2 targets asked can be relied on. Of 1 target nothing is known yet.',
  );
  expect(sky('down', 'refused', 'brownout', 'healthy')).toBe('2 targets out, 1 target unwell, of 4 asked.');
});
