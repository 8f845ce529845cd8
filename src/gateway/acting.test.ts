import { expect, test } from 'bun:test';
import { acts } from './acting.ts';

const of = (ask: unknown) => acts(new TextEncoder().encode(JSON.stringify(ask)));

test.each([
  ['a tool server of OpenAI', { tools: [{ type: 'mcp', server_url: 'https://pay.example' }] }, true],
  ['tool servers of Anthropic', { mcp_servers: [{ type: 'url', url: 'https://pay.example' }] }, true],
  ['a set of their tools', { tools: [{ type: 'mcp_toolset', mcp_server_name: 'pay' }] }, true],
  ['an answer made in the background', { background: true }, true],
  ['a conversation that the provider keeps', { conversation: 'conv_1' }, true],
  ['nothing of it', { messages: [{ role: 'user', content: 'hi' }] }, false],
  ['tools that the caller uses', { tools: [{ type: 'function', function: { name: 'mcp_pay' } }] }, false],
  ['the words alone', { messages: [{ content: 'a "mcp" "background" "conversation"' }] }, false],
  ['empty lists and noes', { mcp_servers: [], background: false, conversation: null }, false],
])('%s: %p acts %p', (_, ask, expected) => {
  expect(of(ask)).toBe(expected);
});

test('no body, and a body that is no JSON', () => {
  expect(acts(undefined)).toBe(false);
  expect(acts(new TextEncoder().encode('{"mcp'))).toBe(true);
});
