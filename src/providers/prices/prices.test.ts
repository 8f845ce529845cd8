import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { NO_USAGE, type Usage } from '#contracts';
import { createPricer, PRICE_LIST } from './index.ts';

const at = Date.UTC(2026, 5, 1);
const usage = (part: Partial<Usage>): Usage => ({ ...NO_USAGE, basis: 'reported', ...part });
const pricer = createPricer({
  openai: { priceId: 'openai', free: false },
  anthropic: { priceId: 'anthropic', free: false },
  mine: { free: false, prices: { m: { input: 1, output: 3, cacheRead: 0.1 } } },
  local: { free: true },
});

test('a million tokens of each kind cost what the list says', () => {
  expect(
    pricer.price({ provider: 'openai', model: 'gpt-4o-mini', usage: usage({ input: 1e6 }), at }),
  ).toMatchObject({ microUsd: 150_000, state: 'exact' });
  const cost = pricer.price({
    provider: 'anthropic',
    model: 'claude-opus-4-7',
    usage: usage({ input: 1000, cacheRead: 1000, cacheWrite: 1000, cacheWriteLong: 1000, output: 1000 }),
    at,
  });
  expect(cost.parts).toEqual({
    input: 5000,
    cacheRead: 500,
    cacheWrite: 6250,
    cacheWriteLong: 10_000,
    output: 25_000,
  });
  expect(cost.microUsd).toBe(46_750);
});

test('a long input raises the price of the whole call', () => {
  const short = pricer.price({ provider: 'openai', model: 'gpt-5.5', usage: usage({ input: 100_000 }), at });
  const long = pricer.price({ provider: 'openai', model: 'gpt-5.5', usage: usage({ input: 500_000 }), at });
  expect(short.microUsd).toBe(500_000);
  expect(long.microUsd).toBeGreaterThan(5 * short.microUsd);
});

test('an unknown model is unpriced, a free provider is free, an estimate says so', () => {
  expect(
    pricer.price({ provider: 'openai', model: 'nobody-knows', usage: usage({ input: 5 }), at }).state,
  ).toBe('unpriced');
  expect(pricer.price({ provider: 'local', model: 'x', usage: usage({ input: 5 }), at }).state).toBe('free');
  expect(
    pricer.price({ provider: 'mine', model: 'm', usage: usage({ input: 5, basis: 'estimated' }), at }),
  ).toMatchObject({ state: 'estimated', priceVersion: 'config', microUsd: 5 });
  expect(pricer.price({ provider: 'openai', model: 'gpt-4o', usage: NO_USAGE, at })).toEqual({
    microUsd: 0,
    state: 'free',
  });
});

test('sound is not priced as text where the list has no price for it', () => {
  const heard = { usage: usage({ input: 100, audioIn: 200, audioOut: 300 }), at, provider: 'openai' };
  expect(pricer.price({ ...heard, model: 'gpt-4o-audio-preview' })).toMatchObject({ state: 'unpriced' });
  expect(pricer.price({ ...heard, model: 'gpt-audio' })).toMatchObject({
    state: 'exact',
    parts: { input: 250, audioIn: 6_400, audioOut: 19_200 },
  });
});

test('parts are whole and add up to the total for any usage', () => {
  const tokens = fc.integer({ min: 0, max: 3_000_000 });
  fc.assert(
    fc.property(
      fc.record({
        input: tokens,
        cacheRead: tokens,
        cacheWrite: tokens,
        output: tokens,
        reasoning: tokens,
        audioIn: tokens,
      }),
      fc.constantFrom(['openai', 'gpt-4o-mini'], ['anthropic', 'claude-sonnet-4-5'], ['mine', 'm']),
      (part, [provider, model]) => {
        const cost = pricer.price({
          provider: provider as string,
          model: model as string,
          usage: usage(part),
          at,
        });
        const parts = Object.values(cost.parts ?? {});
        expect(parts.every(Number.isInteger)).toBe(true);
        expect(parts.reduce((a, b) => a + b, 0)).toBe(cost.microUsd);
      },
    ),
  );
});

test('the stated price list is the installed one', async () => {
  const installed = (await Bun.file('node_modules/@pydantic/genai-prices/package.json').json()) as {
    version: string;
  };
  expect(PRICE_LIST).toBe(`genai-prices@${installed.version}`);
});
