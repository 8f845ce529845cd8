import { expect, test } from 'bun:test';
import type { Steerer } from '#contracts';
import { testGateway } from '../support/gateway.ts';
import { openai } from '../support/speech.ts';
import { scriptedUpstream } from '../support/upstream.ts';

test('a steerer sends an exchange to another tier, and the others still catch it', async () => {
  const up = await scriptedUpstream();
  const spare = await scriptedUpstream();
  const root = (port: number) => `http://127.0.0.1:${port}/v1`;
  const heard: unknown[] = [];
  const steerer: Steerer = {
    steer: ({ who, tiers }) =>
      who.feature === 'cheap'
        ? { tier: tiers[1] as string, by: 'test:cheap', reason: 'router_score', cell: 'arm' }
        : who.feature === 'short'
          ? { tier: 'canned', by: 'test:short', reason: 'canned' }
          : undefined,
    ended: ({ tier }) => heard.push(tier),
  };
  const house = testGateway(
    {
      providers: {
        up: { protocol: 'openai', baseUrl: root(up.port) },
        spare: { protocol: 'openai', baseUrl: root(spare.port) },
      },
      routes: {
        chat: {
          match: { protocol: 'openai-chat' },
          tiers: [
            { name: 'primary', targets: [{ provider: 'up' }] },
            { name: 'small', targets: [{ provider: 'spare' }] },
            { name: 'canned', reply: 'Out of breath.' },
          ],
        },
      },
    },
    { steerers: [steerer] },
  );
  const call = async (feature: string) => {
    const response = await fetch(`${house.url}${openai.path}`, {
      method: 'POST',
      headers: { 'x-midwatch-feature': feature },
      body: JSON.stringify(openai.ask({ stream: true })),
    });
    return await response.text();
  };
  up.play({ headers: openai.sse, parts: [openai.role, openai.delta('Large.', 'stop'), openai.done] });
  spare.play({ headers: openai.sse, parts: [openai.role, openai.delta('Small.', 'stop'), openai.done] });
  expect(await call('usual')).toContain('Large.');
  expect(await call('cheap')).toContain('Small.');
  expect(await call('short')).toContain('Out of breath.');
  spare.play({ status: 401, headers: openai.json, framing: 'length', parts: [openai.error('no_key')] });
  expect(await call('cheap')).toContain('Large.');
  expect(heard).toEqual([
    { intended: 'primary', served: 'primary' },
    { intended: 'primary', served: 'small', demotedBy: 'test:cheap', reason: 'router_score', cell: 'arm' },
    { intended: 'primary', served: 'canned', demotedBy: 'test:short', reason: 'canned' },
    { intended: 'primary', served: 'primary', cell: 'arm' },
  ]);
  house.stop();
  await up.stop();
  await spare.stop();
});
