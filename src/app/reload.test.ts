import { expect, test } from 'bun:test';
import { differences } from './reload.ts';

test('a change is one readable line: leaves with their values, branches as a whole, secrets not at all', () => {
  const chat = { timeouts: { idle: 30_000 }, tiers: [{ name: 'a' }] };
  const before = { routes: { chat, old: { tiers: [{ name: 'x' }] } }, providers: { p: { apiKey: 'k-1' } } };
  const after = {
    routes: {
      chat: { timeouts: { idle: 10_000 }, tiers: [{ name: 'b' }, { name: 'c' }], reply: 'x'.repeat(500) },
      spare: { tiers: [{ name: 'y' }] },
    },
    providers: { p: { apiKey: 'k-2' } },
  };
  expect(differences(before, after, '')).toEqual([
    'routes.chat.timeouts.idle: 30000 → 10000',
    'routes.chat.tiers[0].name: "a" → "b"',
    'routes.chat.tiers[1]: added',
    `routes.chat.reply: nothing → "${'x'.repeat(59)}…`,
    'routes.old: removed',
    'routes.spare: added',
    'providers.p.apiKey: … → …',
  ]);
  expect(differences(before, before, '')).toEqual([]);
});
