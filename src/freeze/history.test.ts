import { expect, test } from 'bun:test';
import { configSchema, type ExchangeFacts, type PolicyVersion } from '#contracts';
import { systemClock, virtualClock } from '#kernel';
import { openStore } from '#store';
import { freshDatabase } from '#store/testing';
import { createHistory } from './history.ts';

const config = (model: string) =>
  configSchema.parse({
    providers: { up: { protocol: 'openai', baseUrl: 'http://a.example/v1' } },
    routes: { chat: { tiers: [{ name: 'primary', targets: [{ provider: 'up', model }] }] } },
  });

test('a change that is taken back before it is saved', async () => {
  const database = await freshDatabase();
  const store = openStore({ url: database.url, clock: systemClock(), log: () => undefined });
  const errors: unknown[] = [];
  const clock = virtualClock({ start: Date.UTC(2026, 5, 1) });
  const history = createHistory(store.freezes, clock, (_, event, more) => errors.push([event, more]));
  const ended = (count: number, outcome: ExchangeFacts['outcome']) => {
    for (let i = 0; i < count; i++)
      history.ended({ route: 'chat', source: 'gateway', outcome, at: clock.now() } as ExchangeFacts);
  };
  const counts = async () =>
    (await store.freezes.versions('chat')).map(({ policy, exchanges, good }: PolicyVersion) => [
      policy.tiers[0]?.targets?.[0]?.model,
      exchanges,
      good,
    ]);
  try {
    await store.upkeep.migrate();
    history.applied(config('m-1'), new Map());
    ended(3, 'complete');
    await clock.advance(10);
    history.applied(config('m-2'), new Map());
    ended(2, 'error');
    await clock.advance(10);
    history.applied(config('m-1'), new Map());
    await clock.advance(10);
    ended(1, 'complete');
    await history.flush();
    expect(errors).toEqual([]);
    expect(await counts()).toEqual([
      ['m-1', 4, 4],
      ['m-2', 2, 0],
    ]);

    // And once more, now that the store knows both.
    history.applied(config('m-2'), new Map());
    history.applied(config('m-1'), new Map());
    history.applied(config('m-2'), new Map());
    await clock.advance(10);
    ended(1, 'complete');
    await history.stop();
    expect(errors).toEqual([]);
    expect(await counts()).toEqual([
      ['m-2', 3, 1],
      ['m-1', 4, 4],
    ]);
  } finally {
    await history.stop();
    await store.close();
    await database.drop();
  }
}, 60_000);
