import { expect } from 'bun:test';
import { conform } from '../../testing/conform.ts';

conform('status;code=503', ({ status, error, end, finish }) => {
  expect({ status, end, finish }).toEqual({ status: 503, end: 'clean', finish: undefined });
  expect(error?.message).toContain('overloaded');
});

conform('status;code=429;retryAfter=1500;spelling=both', ({ status, headers }) => {
  expect(status).toBe(429);
  expect(headers.get('retry-after')).toBe('2');
  expect(headers.get('retry-after-ms')).toBe('1500');
});

conform('status;code=429;retryAfter=90s;spelling=reset', ({ headers }, { family }) => {
  expect(headers.get('retry-after')).toBeNull();
  const reset = headers.get(
    family === 'openai' ? 'x-ratelimit-reset-requests' : 'anthropic-ratelimit-requests-reset',
  );
  expect(reset).toMatch(family === 'openai' ? /^90s$/ : /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
});

conform('status;code=529;retryAfter=5s;spelling=date', ({ error, headers }, { family }) => {
  if (family === 'anthropic') expect(error?.type).toBe('overloaded_error');
  expect(headers.get('retry-after')).toMatch(/GMT$/);
});
