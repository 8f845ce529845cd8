import { expect, test } from 'bun:test';
import { FAILURE_KINDS, type Failure, OUTCOMES } from '#contracts';
import { healthKey } from './health.ts';
import { healthSignal } from './signal.ts';

const failure = (kind: Failure['kind'], origin: Failure['origin'] = 'provider'): Failure => ({
  kind,
  origin,
  retryable: true,
  hint: '',
});

test('each outcome says one thing about the target', () => {
  const said = OUTCOMES.map((outcome) => `${outcome} ${healthSignal(outcome)}`);
  expect(said).toEqual([
    'complete good',
    'tool good',
    'length good',
    'stop good',
    'refusal none',
    'content_filter none',
    'context_overflow none',
    'invalid bad',
    'stalled bad',
    'cut bad',
    'error bad',
    'cancelled none',
  ]);
});

test('each failure says one thing about the target: only what it did wrong condemns it', () => {
  const by = (signal: string) =>
    FAILURE_KINDS.filter((kind) => healthSignal('error', failure(kind)) === signal);
  expect(by('capacity')).toEqual(['rate_limited', 'quota_exhausted']);
  expect(by('none')).toEqual([
    'bad_request',
    'unauthorized',
    'forbidden',
    'unknown_route',
    'not_found',
    'too_large',
    'dialect_mismatch',
    'over_budget',
    'client_left',
    'provider_auth',
    'provider_rejected',
    'context_overflow',
    'content_filter',
    'refused',
    'starting',
    'shutting_down',
    'hedge_lost',
    'unfit',
    'internal',
    'no_target',
  ]);
  expect(healthSignal('error', failure('timeout_total', 'client'))).toBe('none');
  expect(healthSignal('error', failure('timeout_total', 'network'))).toBe('bad');
});

test('keys of different targets differ', () => {
  const keys = [
    { provider: 'a', model: 'b' },
    { provider: 'a/b', model: '' },
    { provider: 'a', model: 'b', region: 'eu' },
    { provider: 'a', model: 'b', key: 'eu' },
    { provider: 'a', model: 'b', endpoint: 'eu' },
  ].map(healthKey);
  expect(new Set(keys).size).toBe(keys.length);
});
