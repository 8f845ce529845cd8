import { expect, test } from 'bun:test';
import { missBody } from './miss.ts';
import type { Question } from './types.ts';

const KEY = 'ed2e96b556bf2cf6b235499e59fc17f5';
const NEAR = '7095af5e0cd1bd0eee50f7b9d890c628';

test('the sentence names keys as short as the verbs do: at full length they are masked as credentials on the way', () => {
  const question = {
    method: 'POST',
    path: '/v1/messages',
    key: KEY,
    model: 'm',
    headers: {},
  } as unknown as Question;
  const body = JSON.parse(
    missBody(question, {
      key: KEY,
      path: '/v1/messages',
      reason: 'unknown',
      nearest: NEAR,
      differences: [],
      count: 1,
    }),
  );
  expect(body.error.message).toBe(
    'No cassette for POST /v1/messages (m), key ed2e96b556. Nearest is 7095af5e0c; it differs in masked values only.',
  );
  expect(body.cassette).toMatchObject({ key: KEY, nearest: NEAR });
});
