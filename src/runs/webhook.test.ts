import { expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import { eventId, sign } from './webhook.ts';

test('the signature is what any other HMAC-SHA256 makes of time and body', () => {
  const mac = createHmac('sha256', 'secret').update('1700000000.{"a":"ü"}').digest('hex');
  expect(sign('secret', 1_700_000_000, '{"a":"ü"}')).toBe(`t=1700000000,v1=${mac}`);
});

test('the news of one run have one id', () => {
  expect(eventId({ id: 'run_01a1', state: 'failed' })).toBe('evt_01a1');
  // A receiver that drops repetitions must not drop the end for it.
  expect(eventId({ id: 'run_01a1', state: 'awaiting_approval' })).toBe('evt_01a1_awaiting_approval');
});
