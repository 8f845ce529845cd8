import { expect, test } from 'bun:test';
import { findProvider, retirementOf } from './index.ts';

test('a model is shut down on the day that its provider has announced, and only there', () => {
  expect(retirementOf('anthropic', 'claude-3-opus-20240229')).toBe(Date.UTC(2026, 0, 5));
  expect(retirementOf('openai', 'gpt-4')).toBe(Date.UTC(2026, 9, 23));
  // Other clouds have days of their own.
  expect(retirementOf('azure', 'gpt-4')).toBeUndefined();
  expect(retirementOf('openai', 'gpt-4o')).toBeUndefined();
  for (const kind of ['anthropic', 'openai']) expect(findProvider(kind)).toBeDefined();
});
