import { expect, test } from 'bun:test';
import type { RouteView } from '@midwatch/contracts';
import { asked, FIRST_CALLS } from './firstCall.ts';

const code = (name: string, open: boolean): string =>
  FIRST_CALLS.find((each) => each.name === name)?.code({
    base: 'http://127.0.0.1:4004',
    model: 'support',
    open,
  }) ?? '';

test('before the first key nothing asks for one, afterwards everything does', () => {
  for (const { name } of FIRST_CALLS) {
    expect(code(name, true)).not.toContain('MIDWATCH_KEY');
    expect(code(name, false)).toContain('MIDWATCH_KEY');
  }
});

test('the curl line carries a body that parses', () => {
  const body = /-d '(.*)'$/s.exec(code('curl', true))?.[1] ?? '';
  expect(JSON.parse(body)).toMatchObject({ model: 'support', messages: [{ role: 'user' }] });
});

test('clients get the base their libraries expect', () => {
  expect(code('OpenAI', true)).toContain("baseURL: 'http://127.0.0.1:4004/v1'");
  expect(code('Anthropic', true)).toContain("baseURL: 'http://127.0.0.1:4004',");
});

test('a route is asked by the model it matches, else by its name and a model that it knows', () => {
  const route = (says: string, target = 'openai/gpt-5.5'): RouteView => ({
    name: 'support',
    policy: [{ step: 'match', says }],
    tiers: [{ name: 'primary', targets: [target] }],
    source: 'config',
  });
  expect(asked(route('model chat'))).toEqual({ model: 'chat' });
  expect(asked(route('model gpt-*'))).toEqual({ model: 'gpt-5.5', route: 'support' });
  expect(asked(route('everything that no other route matches'))).toEqual({
    model: 'gpt-5.5',
    route: 'support',
  });
  const call = { base: 'http://127.0.0.1:4004', open: true, ...asked(route('protocol openai')) };
  for (const { code } of FIRST_CALLS) expect(code(call)).toContain('x-midwatch-route');
});
