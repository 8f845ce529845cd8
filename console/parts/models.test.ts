import { expect, test } from 'bun:test';
import { compareModel } from './models.ts';

test('an alias resolved is not another model', () => {
  expect(compareModel('gpt-5.5', 'gpt-5.5-2026-08-01')).toBe('resolved');
  expect(compareModel('openai/gpt-5.5', 'GPT-5.5')).toBe('same');
  expect(compareModel('gpt-5', 'gpt-5.5')).toBe('other');
  expect(compareModel('support', 'gpt-5.5')).toBe('other');
});
