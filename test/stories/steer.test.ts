import { expect, test } from 'bun:test';
import type { Outgoing, Steerer, Turn } from '#contracts';
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

/** One provider, two tiers, and whoever steers. */
async function twoTiers(steerers: readonly Steerer[]) {
  const up = await scriptedUpstream();
  const baseUrl = `http://127.0.0.1:${up.port}/v1`;
  const targets = (model: string) => [{ provider: 'up', model }];
  const house = testGateway(
    {
      providers: { up: { protocol: 'openai', baseUrl } },
      routes: {
        chat: {
          tiers: [
            { name: 'large', targets: targets('l') },
            { name: 'small', targets: targets('s') },
          ],
        },
      },
    },
    { steerers },
  );
  const call = () =>
    fetch(`${house.url}${openai.path}`, {
      method: 'POST',
      body: JSON.stringify(openai.ask({ stream: true })),
    });
  return {
    up,
    house,
    call,
    async stop() {
      house.stop();
      await up.stop();
    },
  };
}

test('one that asks elsewhere is waited for; where it has nothing to say the next is heard, and who minds other routes is not asked', async () => {
  const asked: string[] = [];
  const says = (name: string, turn: Turn | undefined): Steerer => ({
    steer: () => {
      asked.push(name);
      return Bun.sleep(5).then(() => turn);
    },
  });
  const turn = { tier: 'small', by: 'test:late', reason: 'flag' } as const;
  const elsewhere: Steerer = { ...says('elsewhere', turn), minds: (route) => route === 'other' };
  const { up, house, call, stop } = await twoTiers([
    elsewhere,
    says('silent', undefined),
    says('late', turn),
  ]);
  up.play({ headers: openai.sse, parts: [openai.role, openai.delta('Small.', 'stop'), openai.done] });
  expect(await (await call()).text()).toContain('Small.');
  expect(asked).toEqual(['silent', 'late']);
  expect(house.finished[0]?.facts.attempts.map(({ model }) => model)).toEqual(['s']);
  await stop();
});

test('who leaves while somebody is asked is gone: nobody else is asked for him', async () => {
  let told: (turn: Turn | undefined) => void = () => undefined;
  let asking: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    asking = resolve;
  });
  const { up, house, stop } = await twoTiers([
    {
      steer: () => {
        asking();
        return new Promise<Turn | undefined>((resolve) => {
          told = resolve;
        });
      },
    },
  ]);
  const outgoing: Outgoing = {
    onLeft: undefined,
    onDrain: undefined,
    send: () => undefined,
    begin: () => undefined,
    write: () => true,
    end: () => undefined,
    break: () => undefined,
  };
  const head = { method: 'POST', path: openai.path, query: '', headers: {} };
  const peer = { address: '127.0.0.1', loopback: true };
  house.gateway.handle({ ...head, peer }, outgoing)?.(Buffer.from(JSON.stringify(openai.ask({}))));
  await asked;
  outgoing.onLeft?.();
  told({ tier: 'small', by: 'test:late', reason: 'flag' });
  await Bun.sleep(0);
  expect(house.finished[0]?.facts).toMatchObject({ outcome: 'cancelled', attempts: [] });
  expect(up.heard).toEqual([]);
  await stop();
});
