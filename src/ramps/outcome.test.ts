import { expect, test } from 'bun:test';
import type { ExchangeFacts, FailureKind, Outcome } from '#contracts';
import { badAt } from './outcome.ts';

const failure = (kind: FailureKind) => ({ kind, origin: 'provider', retryable: false, hint: '' }) as const;
const served = (outcome: Outcome, kind?: FailureKind) =>
  ({
    tier: { intended: 'old', served: 'new' },
    attempts: [],
    outcome,
    ...(kind && { failure: failure(kind) }),
  }) as unknown as ExchangeFacts;

test.each<[Outcome, FailureKind | undefined, boolean | undefined]>([
  ['complete', undefined, false],
  ['tool', undefined, false],
  ['length', undefined, true],
  ['refusal', undefined, true],
  ['invalid', 'malformed', true],
  ['cut', 'cut', true],
  ['error', 'provider_error', true],
  ['error', 'provider_rejected', true],
  ['error', 'timeout_total', true],
  ['error', 'rate_limited', undefined],
  ['error', 'bad_request', undefined],
  ['error', 'over_budget', undefined],
  ['error', 'shutting_down', undefined],
  ['cancelled', 'client_left', undefined],
])('%s (%s) is bad: %p', (outcome, kind, bad) => {
  expect(badAt(served(outcome, kind), 'new')).toBe(bad as boolean);
});

test('a tier that was caught by another was bad, one that was never asked was nothing', () => {
  const caught = {
    tier: { intended: 'old', served: 'old' },
    attempts: [
      { tier: 'new', outcome: 'error', failure: failure('provider_error') },
      { tier: 'old', outcome: 'complete' },
    ],
    outcome: 'complete',
  } as unknown as ExchangeFacts;
  expect(badAt(caught, 'new')).toBe(true);
  expect(badAt(caught, 'old')).toBe(false);
  expect(badAt(caught, 'other')).toBeUndefined();
});
