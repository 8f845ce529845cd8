import { expect, test } from 'bun:test';
import type { Failure } from '#contracts';
import { withAttempts } from './refusals.ts';
import type { Walk } from './walk.ts';

const tried = { provider: 'openai', model: 'm', outcome: 'error', failure: { kind: 'overloaded' } };
const after = (hint: string) => {
  const failure: Failure = { kind: 'overloaded', origin: 'provider', retryable: true, hint };
  return withAttempts(failure, { attempts: [tried, tried] } as unknown as Walk).hint;
};

test('what a provider said ends before what was tried begins', () => {
  const list = ' Tried openai/m: overloaded; openai/m: overloaded.';
  expect(after('Try again later: Overloaded')).toBe(`Try again later: Overloaded.${list}`);
  expect(after('The provider broke off.')).toBe(`The provider broke off.${list}`);
});
