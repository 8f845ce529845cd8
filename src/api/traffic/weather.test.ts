import { expect, test } from 'bun:test';
import type { Slowness, WaitReading } from '#contracts';
import { slowNow, type WeatherReading, weatherViews } from './weather.ts';

const NOW = 1_800_000_000_000;
const reading = (at: number): WaitReading => ({
  at,
  n: 30,
  probes: 1,
  wait: 90,
  index: 1,
  slow: false,
  limit: 300,
  known: true,
  requests: 30,
  size: 400,
  connect: 0,
});
const found = (more: Partial<Slowness> = {}): Slowness => ({
  since: NOW - 300_000,
  foundAt: NOW - 150_000,
  cause: 'provider',
  evidence: {
    index: 8.87,
    slow: 5,
    of: 10,
    wait: 822,
    normal: 93,
    load: { now: 30, normal: 30, ratio: 1, z: 0.1 },
    prompts: { now: 410, normal: 400, ratio: 1.02, z: 0.2, known: true },
  },
  ...more,
});
const sky = (model: string, more: Partial<WeatherReading> = {}): WeatherReading => ({
  provider: 'p',
  model,
  zone: 'UTC',
  normal: {},
  readings: [],
  findings: [],
  ...more,
});

test('slow ones come first, with the cause and every figure that was looked at', () => {
  const views = weatherViews(
    [
      sky('fresh'),
      sky('old', { readings: [reading(NOW - 3_600_000)] }),
      sky('usual', { readings: [reading(NOW)], findings: [found({ until: NOW - 60_000 })] }),
      sky('slow', { findings: [found()] }),
    ],
    NOW,
  );
  expect(views.map(({ model, state }) => [model, state])).toEqual([
    ['slow', 'slow'],
    ['fresh', 'unknown'],
    ['old', 'unknown'],
    ['usual', 'usual'],
  ]);
  expect(views[0]?.says).toBe(
    'Slow by contention at the provider, in 5 of 10 readings: 30 calls in half a minute, 1.00 × normal (z 0.1); asks of 410 uncached tokens, 1.02 × normal (z 0.2); waits of 822 ms beyond what the asks need, contention index 8.9; no new connection.',
  );
  expect(views[3]?.says).toContain('1.00 × normal for the hour');
});

test('what is over is not slow now', () => {
  expect(slowNow([found({ until: NOW })])).toBeUndefined();
  expect(slowNow([])).toBeUndefined();
  expect(slowNow([found({ cause: 'own_load' })])?.says).toContain('Slow by own load');
});
