import { expect, test } from 'bun:test';
import { askerOf, servedAsker, unserved, withAsker } from './asker.ts';

const bytes = (ask: unknown) => new TextEncoder().encode(typeof ask === 'string' ? ask : JSON.stringify(ask));
const chat = (system: string, user: string, more: object = {}) =>
  bytes({
    model: 'm',
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: user },
    ],
    ...more,
  });

test('an asker is its prompt, tools and schema, whatever the question, in every dialect', () => {
  const one = askerOf(chat('You book tables.', 'For two.'));
  expect(askerOf(chat('You book tables.', 'For three.', { temperature: 1, model: 'n' }))).toBe(one);
  const others = [
    chat('You book flights.', 'For two.'),
    chat('You book tables.', 'For two.', { tools: [{ type: 'function', function: { name: 'book' } }] }),
    chat('You book tables.', 'For two.', {
      response_format: { type: 'json_schema', json_schema: { schema: { type: 'object' } } },
    }),
    bytes({ system: 'You book tables!', messages: [{ role: 'user', content: 'For two.' }] }),
    bytes({ instructions: 'You book trains.', input: 'For two.' }),
    bytes({
      input: [
        { role: 'developer', content: 'You book trains.' },
        { role: 'user', content: 'For two.' },
      ],
    }),
  ].map(askerOf);
  expect(new Set([one, ...others]).size).toBe(7);
  for (const nobody of ['no JSON', '[]', ' '.repeat(1_000_001)])
    expect(askerOf(bytes(nobody))).toBeUndefined();
});

const after = (looks: readonly string[], before: Readonly<Record<string, number>> = {}) =>
  looks.reduce(withAsker, before);

test('who asks most is known after fourteen looks, and nobody does where each prompt is another', () => {
  const old = after(Array<string>(50).fill('old'));
  expect(unserved({ old: 59 }, old, 59)).toBeUndefined();
  expect(unserved({ old: 20 }, old, 59)?.needed).toBe(39);
  const looks = (n: number) => after(Array<string>(n).fill('new'), old);
  expect(unserved({ old: 400 }, looks(13), 59)).toBeUndefined();
  expect(unserved({ old: 400 }, looks(14), 59)?.needed).toBe(59);
  const each = after(Array.from({ length: 500 }, (_, i) => `at ${i}`));
  expect(unserved({}, each, 59)).toBeUndefined();
  expect(Object.keys(each).length).toBeLessThan(50);
});

test('of many askers those are kept that ask most', () => {
  let served: Readonly<Record<string, number>> = {};
  for (let i = 0; i < 100; i++) served = servedAsker(servedAsker(served, 'most'), `once ${i}`);
  expect(served.most).toBe(100);
  expect(Object.keys(served).length).toBe(16);
});
