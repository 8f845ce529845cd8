import { expect, test } from 'bun:test';
import { testGateway } from '../support/gateway.ts';
import { openai } from '../support/speech.ts';
import { scriptedUpstream } from '../support/upstream.ts';

test('a fallback is proven by a share of the traffic, broken by its failures, and nobody notices either', async () => {
  const up = await scriptedUpstream();
  const spare = await scriptedUpstream();
  const root = (port: number) => `http://127.0.0.1:${port}/v1`;
  const house = testGateway({
    providers: {
      up: { protocol: 'openai', baseUrl: root(up.port) },
      spare: { protocol: 'openai', baseUrl: root(spare.port) },
    },
    routes: {
      chat: {
        match: { protocol: 'openai-chat' },
        exercise: { share: 0.05 },
        tiers: [
          { name: 'primary', targets: [{ provider: 'up' }] },
          { name: 'fallback', targets: [{ provider: 'spare' }] },
        ],
      },
    },
  });
  const well = { headers: openai.sse, parts: [openai.role, openai.delta('Here.', 'stop'), openai.done] };
  const call = async () => {
    const response = await fetch(`${house.url}${openai.path}`, {
      method: 'POST',
      body: JSON.stringify(openai.ask({ stream: true })),
    });
    return await response.text();
  };
  const edge = () => house.gateway.proofs.read()[0];
  up.play(well);
  spare.play(well);
  expect(edge()).toMatchObject({
    state: 'UNPROVEN',
    tier: 'fallback',
    exercised: { n: 0, needed: 59 },
  });
  for (let i = 0; i < 1_200; i++) expect(await call()).toContain('Here.');
  expect(spare.heard.length).toBe(60);
  expect(edge()).toMatchObject({ state: 'PROVEN', exercised: { n: 60, failures: 0 } });
  const exercised = house.finished.filter((f) => f.facts.source === 'exercise');
  expect(exercised).toHaveLength(60);
  expect(exercised[0]?.facts.tier).toEqual({
    intended: 'primary',
    served: 'fallback',
    demotedBy: 'exercise',
    reason: 'flag',
  });

  spare.play({ status: 404, headers: openai.json, framing: 'length', parts: [openai.error('not_found')] });
  for (let i = 0; i < 100; i++) expect(await call()).toContain('Here.');
  expect(edge()?.state).toBe('BROKEN');
  house.stop();
  await up.stop();
  await spare.stop();
}, 30_000);
