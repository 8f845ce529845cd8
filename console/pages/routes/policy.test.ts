import { expect, test } from 'bun:test';
import { policyText } from './policy.ts';

test('the policy prints as numbered, aligned lines', () => {
  const policy = [
    { step: 'match', says: 'model is support' },
    { step: 'timeouts', says: 'first token 15 s' },
  ];
  expect(policyText({ name: 'support', policy })).toBe(
    'Route support\n1  match     model is support\n2  timeouts  first token 15 s',
  );
});
