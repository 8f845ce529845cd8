import { expect, test } from 'bun:test';
import { FIRST_CALLS } from './firstCall.ts';

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
