import { expect, test } from 'bun:test';
import { systemClock } from '#kernel';
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
