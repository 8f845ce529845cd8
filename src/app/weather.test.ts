import { expect, test } from 'bun:test';
import type { Gateway } from '#gateway';
import { virtualClock } from '#kernel';
import { watchRegimes } from './weather.ts';

test('a target that leaves its week is logged once, and once when it is back', async () => {
  const clock = virtualClock({ seed: 1 });
  const lines: [string, unknown][] = [];
  const one = {
    provider: 'openai',
    model: 'm',
    figure: 'perToken' as const,
    regime: { since: 5, foundAt: 9, of: 'typical' as const, cause: 'ours' as const },
  };
  // Of two sizes, both slow.
  let found = [one, one];
  const climate = { regimes: () => found } as unknown as Gateway['climate'];
  const stop = watchRegimes({ climate }, clock, (_, event, data) => lines.push([event, data]));
  await clock.run(clock.sleep(200_000));
  expect(lines).toEqual([
    ['target slower than its week', { target: 'openai/m', figure: 'perToken', cause: 'ours', since: 5 }],
  ]);
  found = [];
  await clock.run(clock.sleep(200_000));
  expect(lines.slice(1)).toEqual([['target back in its week', { target: 'openai/m perToken' }]]);
  stop();
});
