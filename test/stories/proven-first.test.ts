import { afterAll, afterEach, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test';
import type { ConfigInput } from '#contracts';
import { type TestGateway, testGateway } from '../support/gateway.ts';
import { eventually } from '../support/houses.ts';
import { type Provider, provider } from '../support/provider.ts';

/**
 * Where a lower tier is a choice, one that is known to work comes before one that is not, and one that lacks the proof its tier
 * must have is not chosen at all. Where it is needed, the tiers are taken as they stand.
 */
setDefaultTimeout(20_000);

/** Answers when it is let. */
function gated() {
  const waiting: (() => void)[] = [];
  let open = true;
  let status = 200;
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      await request.arrayBuffer();
      if (!open) await new Promise<void>((resolve) => waiting.push(resolve));
      if (status !== 200) return Response.json({ error: { message: 'on fire' } }, { status });
      return Response.json({
        id: 'c1',
        object: 'chat.completion',
        created: 1,
        model: 'm-1',
        choices: [{ index: 0, message: { role: 'assistant', content: 'Aye.' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
      });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    fail(with_: number) {
      status = with_;
    },
    hold(on: boolean) {
      open = !on;
      if (open) for (const go of waiting.splice(0)) go();
    },
    get held() {
      return waiting.length;
    },
    stop: () => void server.stop(true),
  };
}

let first: ReturnType<typeof gated>;
let near: Provider;
let far: Provider;
let house: TestGateway;
/** Both fallbacks proven by exercise: what another gateway has seen. */
let known: ReturnType<TestGateway['gateway']['proofs']['snapshot']>;

const config = (minProof?: 'EXERCISED', lower = 2): ConfigInput => ({
  providers: {
    up: { protocol: 'openai', baseUrl: first.url, apiKey: 'x', concurrency: { adaptive: false, max: 1 } },
    near: { protocol: 'openai', baseUrl: near.url, apiKey: 'x' },
    far: { protocol: 'openai', baseUrl: far.url, apiKey: 'x' },
  },
  routes: {
    all: {
      attempts: { perTarget: 1 },
      waitForTarget: 300,
      tiers: [
        { name: 'primary', targets: [{ provider: 'up', model: 'm-1' }] },
        { name: 'near', targets: [{ provider: 'near', model: 'm-1' }], ...(minProof && { minProof }) },
        { name: 'far', targets: [{ provider: 'far', model: 'm-1' }] },
      ].slice(0, 1 + lower),
    },
  },
});

const ask = (at: TestGateway, headers: Record<string, string> = {}) =>
  fetch(`${at.url}/v1/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Well?' }] }),
  });
const stateOf = (at: TestGateway) =>
  Object.fromEntries(at.gateway.proofs.read().map(({ tier, state }) => [tier, state]));
/** Fills the first tier, asks once more, and tells how that one fared. */
async function overflow(at: TestGateway) {
  first.hold(true);
  const full = ask(at);
  await eventually(() => first.held === 1);
  const answer = await ask(at, { 'x-midwatch-priority': 'interactive' });
  const facts = await at.facts(answer.headers.get('x-midwatch-exchange'));
  first.hold(false);
  await full;
  return { answer, facts };
}
const proofs = (verdicts: readonly { guard: string; evidence?: string; decision: string }[]) =>
  verdicts
    .filter(({ guard }) => guard === 'proof')
    .map(({ decision, evidence }) => `${decision}: ${evidence}`);

beforeAll(async () => {
  first = gated();
  near = provider();
  far = provider();
  // Each by whatever fell to it, on a gateway of its own.
  const fallen = async (tier: string) => {
    const teacher = testGateway(config());
    for (let i = 0; i < 100 && stateOf(teacher)[tier] !== 'PROVEN'; i++) await ask(teacher);
    expect(stateOf(teacher)[tier]).toBe('PROVEN');
    const { edges } = teacher.gateway.proofs.snapshot();
    teacher.stop();
    return Object.entries(edges).filter(([key]) => key.includes(tier));
  };
  first.fail(500);
  const ofNear = await fallen('near');
  near.down(true);
  known = { edges: Object.fromEntries([...ofNear, ...(await fallen('far'))]), routes: {} };
  near.down(false);
});
beforeEach(() => {
  first.fail(200);
  first.hold(false);
});
afterEach(() => house.stop());
afterAll(() => {
  first.stop();
  near.stop();
  far.stop();
});

/** A gateway that knows of these fallbacks what another has seen. */
function open(tiers: readonly string[], ...how: Parameters<typeof config>) {
  house = testGateway(config(...how));
  const edges = Object.entries(known.edges).filter(([key]) => tiers.some((tier) => key.includes(tier)));
  house.gateway.proofs.restore({ edges: Object.fromEntries(edges) });
  return house;
}

test('overflow goes to the tier that is proven, past one that is not', async () => {
  const at = open(['far']);
  expect(stateOf(at)).toEqual({ near: 'UNPROVEN', far: 'PROVEN' });
  const { facts } = await overflow(at);
  expect(facts.tier).toMatchObject({ served: 'far', demotedBy: 'concurrency' });
  expect(proofs(facts.verdicts)).toEqual([]);
});

test('where both are proven, or none is, the tiers are taken in order; the record says that none is', async () => {
  expect((await overflow(open(['near', 'far']))).facts.tier.served).toBe('near');
  house.stop();
  const { facts, answer } = await overflow(open([]));
  expect(answer.status).toBe(200);
  expect(facts.tier.served).toBe('near');
  expect(proofs(facts.verdicts)).toEqual(['flag: near (near/m-1) is UNPROVEN, asked by choice: limit']);
});

test('a tier without the proof that it must have takes no overflow; a failure it still answers', async () => {
  const at = open([], 'EXERCISED');
  near.forget();
  const { facts } = await overflow(at);
  expect(facts.tier.served).toBe('far');
  expect(near.calls).toHaveLength(0);
  first.fail(500);
  const answer = await ask(at);
  expect(answer.headers.get('x-midwatch-tier')).toBe('near');
  const after = await at.facts(answer.headers.get('x-midwatch-exchange'));
  expect(proofs(after.verdicts)).toEqual(['pass: near (near/m-1) is UNPROVEN, asked for need']);
});

test('with its proof it does', async () => {
  expect((await overflow(open(['near'], 'EXERCISED'))).facts.tier.served).toBe('near');
});

test('where no tier may be chosen a place is waited for, and one who has no time is told when to come back', async () => {
  const { answer } = await overflow(open([], 'EXERCISED', 1));
  expect(answer.status).toBe(429);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  await eventually(() => first.held === 0);
  expect((await ask(house)).headers.get('x-midwatch-tier')).toBe('primary');
});
