import { expect, test } from 'bun:test';
import type { ExchangeFilter } from '@midwatch/contracts';
import type { LiveEvent } from '@midwatch/sdk';
import { Live } from './live.ts';

/** A page that can be hidden, and streams that end only when told to. */
const world = () => {
  const page = Object.assign(new EventTarget(), { hidden: false });
  const opened: { filter: ExchangeFilter; signal: AbortSignal }[] = [];
  const live = new Live(async function* (filter, signal): AsyncGenerator<LiveEvent> {
    opened.push({ filter, signal });
    if (filter.route === 'refused') throw new Error('no');
    yield { type: 'connected', again: false };
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  });
  const until = (state: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (live.view().state === state) resolve();
      };
      live.watch(look);
      look();
    });
  return { page: page as unknown as Document, opened, live, until };
};

test('a new filter takes the place of the old connection; the same one does not', async () => {
  const { page, opened, live, until } = world();
  const stop = live.start(page);
  await until('live');
  live.filter({});
  expect(opened.length).toBe(1);
  live.filter({ route: 'support' });
  await until('live');
  expect(opened.map((each) => [each.filter.route, each.signal.aborted])).toEqual([
    [undefined, true],
    ['support', false],
  ]);
  stop();
  expect(opened[1]?.signal.aborted).toBe(true);
});

test('what cannot be mended is shown as lost and mended by the next filter', async () => {
  const { page, live, until } = world();
  const stop = live.start(page);
  live.filter({ route: 'refused' });
  await until('lost');
  live.filter({});
  await until('live');
  stop();
});

test('a break shows at once, and so does its end', async () => {
  const page = Object.assign(new EventTarget(), { hidden: false }) as unknown as Document;
  const steps = [Promise.withResolvers<LiveEvent>(), Promise.withResolvers<LiveEvent>()] as const;
  const live = new Live(async function* (_, signal): AsyncGenerator<LiveEvent> {
    yield { type: 'connected', again: false };
    for (const step of steps) yield await step.promise;
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  });
  const states: string[] = [];
  live.watch(() => states.push(live.view().state));
  const stop = live.start(page);
  await Bun.sleep(0);
  steps[0].resolve({ type: 'disconnected', reason: 'gone', retryMs: 250 });
  await Bun.sleep(0);
  steps[1].resolve({ type: 'connected', again: true });
  await Bun.sleep(0);
  expect(states).toEqual(['connecting', 'live', 'lost', 'live']);
  stop();
});
