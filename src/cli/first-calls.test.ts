import { expect, test } from 'bun:test';
import { type ConfigInput, configSchema } from '#contracts';
import { firstCalls, modelToAsk } from './first-calls.ts';

const config = (input: ConfigInput) => configSchema.parse(input);
const to = (provider: string, model?: string) => [
  { name: 'primary', targets: [{ provider, ...(model !== undefined && { model }) }] },
];
const providers = { openai: {}, anthropic: {} };

test('the model of a first call is one that a route answers', () => {
  const cases: readonly [ConfigInput['routes'], string | undefined, string | undefined][] = [
    [{ a: { match: { model: 'support' }, tiers: to('openai', 'gpt-5.5') } }, 'support', undefined],
    [{ a: { match: { model: 'claude-*' }, tiers: to('anthropic') } }, undefined, 'claude-opus-4-7'],
    [{ a: { match: { model: 'mine-*' }, tiers: to('openai') } }, undefined, undefined],
    [{ a: { match: { feature: 'f' }, tiers: to('openai') } }, undefined, undefined],
    [
      {
        a: { match: { protocol: 'openai' }, tiers: to('openai') },
        b: { match: { protocol: 'anthropic' }, tiers: to('anthropic') },
      },
      'gpt-5.5',
      'claude-opus-4-7',
    ],
  ];
  for (const [routes, openai, anthropic] of cases) {
    const given = config({ providers, ...(routes && { routes }) });
    expect([modelToAsk(given, 'openai'), modelToAsk(given, 'anthropic')]).toEqual([openai, anthropic]);
  }
  const simulated = config({ providers: { simulator: {} }, routes: { a: { tiers: to('simulator') } } });
  expect(firstCalls(simulated, 'http://h:1', 'k')).toHaveLength(3);
  const one = config({ providers, routes: { a: { match: { model: 'm' }, tiers: to('anthropic') } } });
  expect(firstCalls(one, 'http://h:1', 'k').map(([what]) => what)).toEqual([
    'curl',
    'JavaScript, the Anthropic client',
  ]);
  expect(firstCalls(one, 'http://h:1', 'k')[0]?.[1]).toContain('/v1/messages');
});
