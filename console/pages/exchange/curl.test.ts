import { expect, test } from 'bun:test';
import { curlOf, quote } from './curl.ts';

const user = { role: 'user', content: "It's 5 o'clock: $HOME `ls` \\ é" };

test('a shell gives the body back as it went in', async () => {
  const body = JSON.stringify({ messages: [user] });
  const shell = Bun.spawn(['sh', '-c', `printf %s ${quote(body)}`], { stdout: 'pipe' });
  expect(await new Response(shell.stdout).text()).toBe(body);
});

test('the line names path, key and version of its dialect', () => {
  const call = { base: 'http://h', ask: { model: 'm', messages: [user] } };
  expect(curlOf({ ...call, protocol: 'openai-chat', open: true })).not.toContain('MIDWATCH_KEY');
  const line = curlOf({ ...call, protocol: 'anthropic-messages', open: false });
  expect(line).toStartWith('curl http://h/v1/messages \\\n  -H "x-api-key: $MIDWATCH_KEY"');
  expect(line).toContain('anthropic-version');
});

test('a protocol without a path is not made up', () => {
  expect(curlOf({ base: '', ask: {}, protocol: 'unheard-of', open: true })).toBeUndefined();
});
