import { expect, test } from 'bun:test';
import { createMidwatch, MidwatchError, QuotaDeferred, quotaDeferred, wishes } from './index.ts';

const TOLD = 'deadline; axis=tokensOut; lane=batch; scope=up/a%2Fb; after=1234; kept';
const refused = (headers: Record<string, string>, status = 429) => ({ status, message: 'No room.', headers });

test('what a refusal says is read from an error of any client, or from an answer', () => {
  const facts = {
    why: 'deadline',
    axis: 'tokensOut',
    lane: 'batch',
    scope: 'up/a/b',
    retryAfterMs: 1_234,
    retryAfter: 1_234,
    kept: true,
    status: 429,
    code: 'quota_deferred',
  };
  const plain = refused({ 'x-midwatch-deferred': TOLD });
  for (const one of [plain, { ...plain, headers: new Headers(plain.headers) }]) {
    const deferred = quotaDeferred(one);
    expect(deferred).toBeInstanceOf(QuotaDeferred);
    expect(deferred).toBeInstanceOf(MidwatchError);
    expect(deferred).toMatchObject({ ...facts, message: 'No room.' });
    expect(quotaDeferred(deferred)).toBe(deferred as QuotaDeferred);
  }
  const answer = new Response('', { status: 429, headers: plain.headers });
  expect(quotaDeferred(answer)).toMatchObject({
    ...facts,
    message: 'up/a/b is short of tokensOut for 1234 ms.',
  });
});

test('what is no deferral is none: another status, a 429 of the provider, a header nobody could have written', () => {
  for (const none of [
    undefined,
    null,
    'text',
    new Error('x'),
    refused({ 'retry-after': '3' }),
    refused({ 'x-midwatch-deferred': TOLD }, 503),
    refused({ 'x-midwatch-deferred': 'deadline' }),
    refused({ 'x-midwatch-deferred': TOLD.replace('1234', 'soon') }),
    refused({ 'x-midwatch-deferred': TOLD.replace('%2F', '%') }),
  ])
    expect(quotaDeferred(none)).toBeUndefined();
});

test('wishes are headers; a deadline that is none is refused before anything is sent', async () => {
  expect(wishes({ priority: 'batch', deadlineMs: 1_500.2, idempotencyKey: 'k' })).toEqual({
    'x-midwatch-priority': 'batch',
    'x-midwatch-deadline-ms': '1501',
    'idempotency-key': 'k',
  });
  expect(wishes({})).toEqual({});
  for (const deadlineMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    await expect(
      createMidwatch({ baseUrl: 'http://nobody.invalid' }).send('/v1/x', {}, { deadlineMs }),
    ).rejects.toThrow('write milliseconds above 0');
});
