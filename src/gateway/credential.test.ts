import { expect, test } from 'bun:test';
import { credentialOf } from './credential.ts';

test.each([
  [undefined, undefined, undefined],
  ['mw_a', undefined, 'mw_a'],
  [undefined, 'Bearer mw_a', 'mw_a'],
  [undefined, 'bearer  mw_a ', 'mw_a'],
  ['mw_a', 'Bearer none', 'mw_a'],
  ['sk-ant-of-the-environment', 'Bearer mw_a', 'mw_a'],
  ['mw_a', 'Bearer mw_b', 'mw_a'],
  ['sk-ant-x', 'Bearer sk-y', 'sk-ant-x'],
] as const)('of %p and %p it is %p', (apiKey, authorization, shown) => {
  expect(credentialOf(apiKey, authorization)).toBe(shown as string);
});
