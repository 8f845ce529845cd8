import { expect, test } from 'bun:test';
import { seeded } from '#kernel';
import { TABLE, well } from '../support/failure-table.ts';
import { testGateway } from '../support/gateway.ts';
import { eventually } from '../support/houses.ts';
import { mutator } from '../support/mutate.ts';
import { puppet } from '../support/puppet.ts';
import { ANTHROPIC, fetched, OPENAI, TONGUES } from '../support/tongues.ts';

/** Endings of every kind, thousands of them, through one gateway: nothing is left of them but their records. */
const EXCHANGES = 5_000;
const AT_ONCE = 16;
const MODELS = 40;

/** Those that cost no time, or a quarter would be spent on waiting. */
const QUICK = TABLE.filter((row) => row.timeouts === undefined && row.address === undefined && !row.shut);

test('five thousand exchanges of mixed endings leave nothing behind', async () => {
  const m = mutator(seeded('leaks'));
  const up = await puppet((call) => {
    // The model's name says what is to be played: an index into the table, the dialect, the way.
    const { model, stream } = JSON.parse(Buffer.from(call.body).toString()) as {
      model: string;
      stream?: boolean;
    };
    const row = QUICK[Number(/^row-(\d+)-/.exec(model)?.[1] ?? -1)];
    const tongue = call.path === ANTHROPIC.path ? ANTHROPIC : OPENAI;
    const scene = { tongue, stream: stream === true, seen: Bun.sleep(5) };
    return row ? row.acts(call, scene) : well(call, scene);
  });
  const root = `http://127.0.0.1:${up.port}`;
  const route = (provider: string, spare: string, more: object) => ({
    waitForTarget: 0,
    attempts: { perTarget: 1 },
    timeouts: { headers: 3_000, firstToken: 3_000, idle: 3_000, total: 6_000 },
    tiers: [
      { name: 'primary', targets: [{ provider }] },
      { name: 'fallback', targets: [{ provider: spare }] },
    ],
    ...more,
  });
  const at = testGateway({
    providers: {
      up: { protocol: 'openai', baseUrl: `${root}/v1`, apiKey: 'k' },
      claude: { protocol: 'anthropic', baseUrl: root, apiKey: 'k' },
    },
    routes: {
      openai: route('up', 'claude', { hedge: true }),
      anthropic: route('claude', 'up', { buffer: 'whole' }),
    },
  });
  const outcomes: Record<string, number> = {};
  let taken = 0;
  const harvest = () => {
    for (const { facts } of at.finished) outcomes[facts.outcome] = (outcomes[facts.outcome] ?? 0) + 1;
    taken += at.finished.length;
    at.finished.length = 0;
    up.forget();
  };
  const run = async (count: number) => {
    let left = count;
    const worker = async () => {
      while (left-- > 0) {
        const caller = m.pick(TONGUES);
        const provider = m.pick(TONGUES);
        const index = m.below(QUICK.length);
        const row = QUICK[index] as (typeof QUICK)[number];
        const stream = m.pick(row.ways) === 'stream';
        const leaves = m.chance(0.2) ? AbortSignal.timeout(m.below(12)) : undefined;
        const model = m.chance(0.3) ? 'well' : `row-${index}-${m.below(MODELS)}`;
        await fetched(
          at.url,
          { ...caller, ask: (s) => JSON.stringify({ ...(JSON.parse(caller.ask(s)) as object), model }) },
          { stream, route: provider.name, ...(leaves && { signal: leaves }) },
        ).catch(() => undefined);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await eventually(() => at.gateway.stats().inFlight === 0);
    harvest();
    Bun.gc(true);
    return process.memoryUsage().heapUsed;
  };

  const early = await run(EXCHANGES / 2);
  const known = at.gateway.standing.read().length;
  const late = await run(EXCHANGES / 2);

  expect(at.gateway.stats()).toMatchObject({ inFlight: 0, streams: 0 });
  // Whoever left before its request was read is no exchange.
  expect(taken).toBeLessThanOrEqual(EXCHANGES);
  expect(taken).toBeGreaterThan(EXCHANGES * 0.8);
  expect(at.gateway.stats().requests).toBe(taken);
  for (const outcome of ['complete', 'error', 'cut', 'invalid', 'cancelled', 'context_overflow'])
    expect(outcomes[outcome] ?? 0).toBeGreaterThan(10);

  // Connections: never more than were used at once, and all of them idle.
  expect(up.open).toBeLessThanOrEqual(AT_ONCE);
  // Memory: what is known of targets is bounded by their number, and the rest is gone.
  expect(at.gateway.standing.read().length).toBeLessThan(known * 1.5 + 50);
  expect(late - early).toBeLessThan(30e6);
  at.stop();
  await eventually(() => up.open === 0);
  await up.stop();
}, 120_000);

test('callers who make up a model each do not fill the memory of the gateway', async () => {
  const up = await puppet((call) => well(call, { tongue: OPENAI, stream: false }));
  const at = testGateway({
    providers: { up: { protocol: 'openai', baseUrl: `http://127.0.0.1:${up.port}/v1`, apiKey: 'k' } },
    routes: { any: { tiers: [{ name: 'only', targets: [{ provider: 'up' }] }] } },
  });
  let left = 3_000;
  const worker = async () => {
    while (left-- > 0)
      await fetch(`${at.url}${OPENAI.path}`, {
        method: 'POST',
        body: JSON.stringify({ model: `m-${left}`, messages: [{ role: 'user', content: 'x' }] }),
      }).then((response) => response.arrayBuffer());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  expect(at.gateway.standing.read().length).toBeLessThanOrEqual(2_000);
  expect(Object.keys(at.gateway.standing.snapshot()).length).toBeLessThanOrEqual(2_000);
  at.stop();
  await up.stop();
}, 60_000);
