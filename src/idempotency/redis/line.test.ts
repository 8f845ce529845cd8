import { expect, test } from 'bun:test';
import { RedisClient } from 'bun';
import { systemClock, virtualClock } from '#kernel';
import { startRedis } from '#ledger/testing';
import { Line, script } from './line.ts';

test('those who come first and all at once share one connection, and none of them finds Redis away', async () => {
  const redis = await startRedis();
  const said: string[] = [];
  const line = new Line(
    redis.url,
    systemClock(),
    (_, event) => void said.push(event),
    () => undefined,
  );
  try {
    const echo = script('return ARGV[1]');
    const asked = Array.from({ length: 20 }, (_, i) => line.run(echo, [], [String(i)]));
    expect(await Promise.allSettled(asked)).toEqual(
      asked.map((_, i) => ({ status: 'fulfilled', value: String(i) })),
    );
    expect(said).toEqual([]);
  } finally {
    line.close();
    await redis.stop();
  }
});

test('a Redis that answers and takes no write is away, and comes back when it does', async () => {
  const redis = await startRedis();
  const said: string[] = [];
  const back = Promise.withResolvers<void>();
  const clock = virtualClock({ settle: 1 });
  const line = new Line(redis.url, clock, (_, event) => void said.push(event), back.resolve);
  const operator = new RedisClient(redis.url);
  const claim = () => line.run(script("return redis.call('set', KEYS[1], 'x')"), ['{midwatch}:k'], []);
  try {
    await claim();
    // Nobody is there to follow.
    await operator.send('REPLICAOF', ['127.0.0.1', '9']);
    await expect(claim()).rejects.toThrow('READONLY');
    await clock.advance(3_000);
    await expect(claim()).rejects.toThrow('away');
    expect(said).toEqual(['idempotency.away']);
    await operator.send('REPLICAOF', ['NO', 'ONE']);
    await clock.advance(500);
    await back.promise;
    await claim();
    expect(said).toEqual(['idempotency.away', 'idempotency.back']);
  } finally {
    operator.close();
    line.close();
    await redis.stop();
  }
});
