import { afterEach, expect, test } from 'bun:test';
import { configSchema, type Steerer } from '#contracts';
import type { LedgerPorts } from '#gateway';
import { systemClock } from '#kernel';
import { createTiers } from '#tiers';
import { testGateway } from '../support/gateway.ts';
import { anthropic, openai } from '../support/speech.ts';
import { type Script, scriptedUpstream } from '../support/upstream.ts';

/** Every way off the tier that is meant, as the record tells it: who led there, and why. */
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const well: Script = { headers: openai.json, framing: 'length', parts: [openai.answer()] };
const fails = (status: number, headers: Record<string, string> = {}): Script => ({
  status,
  headers: { ...openai.json, ...headers },
  framing: 'length',
  parts: [openai.error('wrong')],
});

interface Ports {
  readonly ledger?: LedgerPorts;
  readonly steerers?: readonly Steerer[];
  readonly spare?: 'openai' | 'anthropic';
}

async function house(route: object = {}, { spare: dialect = 'openai', ...ports }: Ports = {}) {
  const up = await scriptedUpstream();
  const spare = await scriptedUpstream();
  const at = ({ port }: { port: number }, protocol: 'openai' | 'anthropic') => ({
    protocol,
    baseUrl: `http://127.0.0.1:${port}${protocol === 'openai' ? '/v1' : ''}`,
  });
  const input = {
    providers: { up: at(up, 'openai'), spare: at(spare, dialect) },
    routes: {
      chat: {
        waitForTarget: 0,
        timeouts: { headers: 150, firstToken: 150, total: 5_000 },
        tiers: [
          { name: 'primary', targets: [{ provider: 'up' }] },
          { name: 'small', targets: [{ provider: 'spare' }] },
          { name: 'canned', reply: 'Out of breath.' },
        ],
        ...route,
      },
    },
  };
  const gateway = testGateway(input, ports);
  ends.push(() => gateway.stop(), up.stop, spare.stop);
  spare.play(well);
  const tierOf = async (more: object = {}, headers: Record<string, string> = {}) => {
    const before = gateway.finished.length;
    const response = await fetch(`${gateway.url}${openai.path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(openai.ask(more)),
    });
    await response.text();
    const facts = await gateway.facts(response.headers.get('x-midwatch-exchange'));
    expect(gateway.finished.length).toBe(before + 1);
    const { served, demotedBy, reason } = facts.tier;
    return [served, demotedBy, reason];
  };
  return { up, spare, input, gateway, tierOf };
}

test('a failed call, by its failure', async () => {
  const { up, spare, tierOf } = await house({ attempts: { perTarget: 1 } });
  up.play(fails(500));
  expect(await tierOf()).toEqual(['small', 'provider_error', 'error']);
  up.play({ parts: [], end: 'silence' });
  spare.play({ headers: openai.sse, parts: [openai.role, openai.delta('Here.', 'stop'), openai.done] });
  expect(await tierOf({ stream: true })).toEqual(['small', 'timeout_headers', 'timeout']);
});

test('a full target by its refusal, then by the pause that it asked for; a refused key by that', async () => {
  const { up, tierOf } = await house();
  up.play(fails(429, { 'retry-after': '60' }));
  expect(await tierOf()).toEqual(['small', 'rate_limited', 'rate_limit']);
  expect(await tierOf()).toEqual(['small', 'rate_limited', 'rate_limit']);
  expect(up.heard).toHaveLength(1);
  const other = await house();
  other.up.play(fails(401));
  for (const _ of [1, 2]) expect(await other.tierOf()).toEqual(['small', 'provider_auth', 'error']);
  expect(other.up.heard).toHaveLength(1);
});

test('a target that health has ejected, by that', async () => {
  const { up, tierOf } = await house({ attempts: { perTarget: 1 } });
  up.play({ parts: [], end: 'reset' });
  let seen = await tierOf();
  for (let i = 0; i < 60 && seen[1] !== 'health'; i++) seen = await tierOf();
  expect(seen).toEqual(['small', 'health', 'error']);
});

test('no room in our own quota, which no call has been made for', async () => {
  const { tierOf, up } = await house(
    {},
    {
      ledger: {
        quotas: {
          reserve: ({ provider }: { readonly provider: string }) =>
            provider === 'up'
              ? { ok: false, retryAfterMs: 1_000, why: 'full', axis: 'requests' }
              : { ok: true, waitedMs: 0, settle: () => undefined, release: () => undefined },
          observe: () => undefined,
          refused: () => undefined,
        } as unknown as NonNullable<LedgerPorts['quotas']>,
        answers: {
          tokens: () => 1,
          longest: () => undefined,
          ms: () => 1,
          cachedShare: () => 0,
          saw: () => undefined,
        },
      },
    },
  );
  expect(await tierOf()).toEqual(['small', 'rate_limited', 'rate_limit']);
  expect(up.heard).toHaveLength(0);
});

test('the canned reply when all have failed, by what the intended tier failed of', async () => {
  const { up, spare, tierOf } = await house({ attempts: { perTarget: 1 } });
  up.play({ parts: [], end: 'silence' });
  spare.play(fails(500));
  expect(await tierOf({ stream: true })).toEqual(['canned', 'timeout_headers', 'timeout']);
});

test('a rule, deliberately canned too; and what it sent down comes back where that fails', async () => {
  const rule = { from: 'primary', owner: 'ana', maxShare: 1, expiresAt: Date.now() + 3_600_000 };
  const demotions = [
    { id: 'cheap', to: 'small', reason: 'router_score', when: { feature: 'cheap' }, ...rule },
    { id: 'shed', to: 'canned', reason: 'canned', when: { feature: 'shed' }, ...rule },
  ] as const;
  const clock = systemClock();
  const nothing = async () => [];
  const routes = { chat: { tiers: ['primary', 'small', 'canned'].map((name) => ({ name })), demotions } };
  const { steerer } = createTiers({
    clock,
    config: configSchema.parse({ routes }),
    record: { hours: nothing, tenants: nothing, users: nothing },
    late: () => 0,
    log: () => undefined,
  });
  const { up, spare, gateway, tierOf } = await house({ attempts: { perTarget: 1 } }, { steerers: [steerer] });
  up.play(well);
  const as = (feature: string) => tierOf({}, { 'x-midwatch-feature': feature });
  expect(await as('usual')).toEqual(['primary', undefined, undefined]);
  expect(await as('cheap')).toEqual(['small', 'demotion:cheap', 'router_score']);
  expect(await as('shed')).toEqual(['canned', 'demotion:shed', 'canned']);
  const { failure, attempts, status } = gateway.finished.at(-1)!.facts;
  expect(failure?.hint).toBe(
    'Nobody was asked: demotion:shed (canned) has route "chat" answer from its tier "canned".',
  );
  expect([attempts.length, status]).toEqual([0, 200]);
  spare.play(fails(500));
  expect(await as('cheap')).toEqual(['primary', undefined, undefined]);
  up.play(fails(500));
  // Neither of them: it was the failure, not the rule, that led to the canned reply.
  expect(await as('cheap')).toEqual(['canned', 'provider_error', 'error']);
});

test('a first tier that cannot be asked in any words of this caller, by that', async () => {
  const { gateway, spare } = await house({}, { spare: 'anthropic' });
  spare.play({ headers: openai.json, framing: 'length', parts: ['{"input_tokens":5}'] });
  const response = await fetch(`${gateway.url}/v1/messages/count_tokens`, {
    method: 'POST',
    headers: { 'anthropic-version': '2023-06-01' },
    body: JSON.stringify(anthropic.ask()),
  });
  expect(await response.text()).toContain('5');
  const { tier } = await gateway.facts(response.headers.get('x-midwatch-exchange'));
  expect(tier).toMatchObject({ served: 'small', demotedBy: 'dialect_mismatch', reason: 'error' });
});
