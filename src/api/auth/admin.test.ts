import { expect, test } from 'bun:test';
import { virtualClock } from '#kernel';
import { adminVerifier, createAdminToken } from './admin.ts';
import { createLimiter } from './limiter.ts';

const MINUTE = 60_000;
const setUp = async () => {
  const clock = virtualClock({ seed: 7 });
  const first = await createAdminToken(clock);
  const state: { hash: string | undefined } = { hash: first.hash };
  const limiter = createLimiter(clock);
  return {
    clock,
    state,
    limiter,
    token: first.token,
    verify: adminVerifier({ clock, limiter, adminHash: () => state.hash }),
  };
};

test('the stored form is argon2id and not the token', async () => {
  const { state, token } = await setUp();
  expect(state.hash).toStartWith('$argon2id$');
  expect(state.hash).not.toContain(token);
});

test('the right token passes, a wrong one does not and costs a failure', async () => {
  const { verify, token, limiter } = await setUp();
  expect(await verify(token, 'a')).toBe(true);
  for (let i = 0; i < 10; i++) expect(await verify(`mwa_${'x'.repeat(i)}`, 'a')).toBe(false);
  expect(limiter.wait('a')).toBeGreaterThan(0);
  expect(await verify(token, 'a')).toBe(true); // known already, so a neighbour's failures do not lock it out
  expect(
    verify(
      token.replace(/.$/, (c) => (c === 'a' ? 'b' : 'a')),
      'a',
    ),
  ).rejects.toMatchObject({
    status: 429,
    headers: { 'retry-after': '60' },
  });
});

test('fifty at once are one verification and no failure', async () => {
  const { verify, token, limiter } = await setUp();
  const all = await Promise.allSettled(Array.from({ length: 50 }, () => verify(token, 'a')));
  expect(all.every((r) => r.status === 'fulfilled' && r.value)).toBe(true);
  expect(limiter.wait('a')).toBe(0);
  const wrong = `mwa_${'x'.repeat(43)}`;
  const refused = await Promise.all(Array.from({ length: 50 }, () => verify(wrong, 'a')));
  expect(refused.some(Boolean)).toBe(false);
  expect(limiter.wait('a')).toBe(0);
});

test('a replaced token stops working at once, although it was believed', async () => {
  const { verify, token, state, clock } = await setUp();
  expect(await verify(token, 'a')).toBe(true);
  const second = await createAdminToken(clock);
  state.hash = second.hash;
  expect(await verify(token, 'a')).toBe(false);
  expect(await verify(second.token, 'a')).toBe(true);
});

test('belief ends after five minutes without use and is renewed by use', async () => {
  const { verify, token, clock, limiter } = await setUp();
  expect(await verify(token, 'a')).toBe(true);
  const block = () => {
    for (let i = 0; i < 10; i++) limiter.attempt('a');
  };
  // Behind a full limiter only a believed token passes.
  for (let i = 0; i < 3; i++) {
    await clock.advance(4 * MINUTE);
    block();
    expect(await verify(token, 'a')).toBe(true);
  }
  await clock.advance(5 * MINUTE + 1);
  block();
  expect(verify(token, 'a')).rejects.toMatchObject({ status: 429 });
});

test('before the first start has made a token, it says so instead of refusing the token', async () => {
  const { verify, token, state } = await setUp();
  state.hash = undefined;
  expect(verify(token, 'a')).rejects.toMatchObject({ status: 503, code: 'not_ready' });
});
