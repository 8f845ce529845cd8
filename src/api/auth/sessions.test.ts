import { afterAll, beforeAll, expect, test } from 'bun:test';
import { virtualClock } from '#kernel';
import { startApi, type TestApi } from '../testing.ts';
import { createSessions, SESSION_MS } from './sessions.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

const ME = { role: 'operator', name: 'ada' } as const;
const quiet = () => undefined;
const clock = virtualClock({ seed: 3 });
const state = { hash: 'one' };
/** Each is a process of its own: it shares the database and nothing else. */
const processOf = () => createSessions({ store: api.store, clock, log: quiet, adminHash: () => state.hash });

test('a session holds in every process, slides with use and ends without', async () => {
  const [here, there] = [processOf(), processOf()];
  const cookie = await here.open(ME);
  expect(await there.find(cookie)).toMatchObject({ me: ME });
  expect(await there.find('mws_other')).toBeUndefined();
  // Sixty days, looked at once a day: each look moves the end.
  for (let day = 0; day < 60; day++) {
    await clock.advance(86_400_000);
    expect(await here.find(cookie)).toEqual({ me: ME, renewed: true });
  }
  expect(await here.find(cookie)).toEqual({ me: ME, renewed: false });
  await clock.advance(SESSION_MS + 1);
  expect(await here.find(cookie)).toBeUndefined();
  expect(await processOf().find(cookie)).toBeUndefined();
});

test('an end in one process is noticed by another within seconds', async () => {
  const [here, there] = [processOf(), processOf()];
  const cookie = await here.open(ME);
  await there.find(cookie);
  await here.end(cookie);
  expect(await here.find(cookie)).toBeUndefined();
  await clock.advance(5_001);
  expect(await there.find(cookie)).toBeUndefined();
});

test('ten requests at once after a restart are all let in', async () => {
  const cookie = await processOf().open(ME);
  const restarted = processOf();
  const found = await Promise.all(Array.from({ length: 10 }, () => restarted.find(cookie)));
  expect(found.map((f) => f?.me)).toEqual(Array.from({ length: 10 }, () => ME));
});

test('replacing the admin token ends every session', async () => {
  const here = processOf();
  const cookie = await here.open(ME);
  state.hash = 'two';
  expect(await here.find(cookie)).toBeUndefined();
  state.hash = 'one';
});

test('with the database gone: sessions go on, new ones begin, ended ones stay ended; afterwards all is stored', async () => {
  const here = processOf();
  const [old, ended] = [await here.open(ME), await here.open(ME)];
  api.wire.cut();
  await clock.advance(10_000);
  expect(await here.find(old)).toMatchObject({ me: ME });
  const fresh = await here.open(ME);
  await here.end(ended);
  await clock.advance(10_000);
  expect(await here.find(fresh)).toMatchObject({ me: ME });
  expect(await here.find(ended)).toBeUndefined();
  // A process that has just started cannot tell a good one from none.
  await expect(processOf().find(old)).rejects.toMatchObject({ name: 'StoreUnavailable' });
  api.wire.mend();
  await clock.advance(10_000);
  expect(await here.find(fresh)).toMatchObject({ me: ME });
  expect(await here.find(old)).toMatchObject({ me: ME });
  expect(await here.find(ended)).toBeUndefined();
  expect(await processOf().find(fresh)).toMatchObject({ me: ME });
  expect(await processOf().find(ended)).toBeUndefined();
});
