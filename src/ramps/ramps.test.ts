import { expect, test } from 'bun:test';
import {
  type AskFacets,
  type Config,
  type ConfigInput,
  configSchema,
  type ExchangeFacts,
  NO_COST,
  NO_USAGE,
  type Outcome,
  type SteerQuestion,
} from '#contracts';
import { exchangeIds, virtualClock } from '#kernel';
import { createRamps, type RampsSnapshot } from './index.ts';

const RAMP = {
  to: 'next',
  stages: [
    [50, 10, 0, 0, 0],
    [100, 100, 20, 20, 20],
    [100, 100, 100, 100, 100],
  ],
  edges: [0.2, 0.25, 0.3, 0.35],
  baseline: 0.02,
  minimum: 20,
  harm: 50,
};
type RampInput = NonNullable<NonNullable<ConfigInput['routes']>[string]['ramp']>;

const routesOf = (ramp: Partial<RampInput> = {}, model = 'm2'): Config['routes'] =>
  configSchema.parse({
    routes: {
      chat: {
        tiers: [
          { name: 'primary', targets: [{ provider: 'p', model: 'm1' }] },
          { name: 'next', targets: [{ provider: 'p', model }] },
        ],
        ramp: { ...RAMP, ...ramp },
      },
    },
  }).routes;

const facets = (bytes: number): AskFacets => ({
  model: 'm',
  stream: false,
  turns: 1,
  tools: 0,
  images: 0,
  audios: 0,
  structured: false,
  choices: 1,
  stops: 0,
  bytes,
});
const BROKEN = { kind: 'provider_error', origin: 'provider', retryable: true, hint: '' } as const;
/** Bytes of an ask of each bucket under the edges above. */
const BYTES = [40, 800, 3_000, 8_000, 60_000];

function house(
  options: {
    ramp?: Partial<RampInput>;
    saved?: RampsSnapshot;
    model?: string;
    frozen?: (route: string) => boolean;
  } = {},
) {
  const clock = virtualClock({ seed: 1 });
  const nextId = exchangeIds(clock);
  const events: string[] = [];
  const ramps = createRamps({
    clock,
    log: (_, event, data) => events.push(`${event} ${data?.bucket ?? ''}`.trim()),
    routes: routesOf(options.ramp, options.model),
    ...(options.saved && { saved: options.saved }),
    ...(options.frozen && { frozen: options.frozen }),
  });
  const ask = (bucket: number, thread: string, more: Partial<SteerQuestion> = {}) => {
    const question = {
      id: nextId(),
      at: clock.now(),
      route: { name: 'chat' },
      tiers: ['primary', 'next'],
      facets: facets(BYTES[bucket] as number),
      body: new Uint8Array(),
      who: {},
      place: { thread },
      lane: 'normal',
      ...more,
    } as SteerQuestion;
    const turn = ramps.steerer.steer(question);
    if (turn instanceof Promise) throw new Error('a ramp asks nobody');
    return { question, turn };
  };
  const end = (
    { question, turn }: ReturnType<typeof ask>,
    outcome: Outcome = 'complete',
    more: Partial<ExchangeFacts> = {},
  ) =>
    ramps.steerer.ended?.({
      id: question.id,
      at: question.at,
      kind: 'model',
      source: 'gateway',
      route: 'chat',
      protocol: 'openai-chat',
      observed: {},
      who: {},
      place: question.place,
      ask: question.facets,
      attempts: [],
      verdicts: [],
      tier: { intended: 'primary', served: turn?.tier ?? 'primary', ...(turn?.cell && { cell: turn.cell }) },
      outcome,
      usage: NO_USAGE,
      cost: NO_COST,
      timing: { queued: 0, total: 1, overhead: 0 },
      status: 200,
      record: 'full',
      ...more,
    });
  const view = () => {
    const [only] = ramps.read();
    if (!only) throw new Error('no ramp');
    return only;
  };
  return { ramps, events, clock, ask, end, view };
}

test('shares by bucket; who is not admitted cannot reach the new path, who is can fall back to the old', () => {
  const { ask } = house();
  const tiers = (bucket: number) =>
    Array.from({ length: 400 }, (_, i) => ask(bucket, `t${bucket}.${i}`).turn).filter(
      (t) => t?.tier === 'next',
    ).length;
  expect(tiers(0)).toBeGreaterThan(160);
  expect(tiers(0)).toBeLessThan(240);
  expect(tiers(1)).toBeGreaterThan(20);
  expect(tiers(1)).toBeLessThan(65);
  expect(tiers(4)).toBe(0);
  expect(ask(4, 'hard').turn).toEqual({
    tier: 'primary',
    without: ['next'],
    by: 'ramp:chat',
    reason: 'flag',
    cell: 'ramp:old:b5',
  });
});

test('a thread keeps the path it began on while its bucket is open; a caller with one path is left alone', () => {
  const { ask } = house({ ramp: { stages: [[100, 1, 0, 0, 0]] } });
  for (let i = 0; i < 50; i++) {
    expect(ask(0, `t${i}`).turn?.tier).toBe('next');
    expect(ask(1, `t${i}`).turn?.tier).toBe('next');
    expect(ask(2, `t${i}`).turn?.tier).toBe('primary');
  }
  expect(ask(0, 't', { tiers: ['primary'] }).turn).toBeUndefined();
});

test('a bucket that fails is rolled back at once, alone, and a catch by the old path does not hide it', () => {
  const { ask, end, view, events, ramps } = house({ ramp: { stages: [[100, 100, 100, 100, 100]] } });
  const attempt = { tier: 'next', outcome: 'error', failure: { kind: 'provider_error' } };
  for (let i = 0; i < 8; i++) {
    end(ask(0, `easy${i}`));
    end(ask(4, `hard${i}`), 'complete', {
      tier: { intended: 'primary', served: 'primary', cell: 'ramp:new:b5' },
      attempts: [attempt] as unknown as ExchangeFacts['attempts'],
    });
  }
  expect(events).toEqual(['ramp.rolled_back 5']);
  expect(view().buckets.map(({ percent }) => percent)).toEqual([100, 100, 100, 100, 0]);
  expect(view()).toMatchObject({ phase: 'ramping', gate: { verdict: 'stop', bucket: 5 } });
  expect(ask(4, 'next hard').turn?.tier).toBe('primary');
  expect(ask(0, 'next easy').turn?.tier).toBe('next');
  expect(ramps.change('chat', 'reset', { bucket: 5 })?.ok).toBe(true);
  expect(ask(4, 'after').turn?.tier).toBe('next');
});

test('what says nothing about the path is not counted', () => {
  const { ask, end, view } = house({ ramp: { stages: [[100, 100, 100, 100, 100]] } });
  end(ask(0, 'a'), 'cancelled');
  end(ask(0, 'b'), 'error', {
    failure: { kind: 'bad_request', origin: 'client', retryable: false, hint: '' },
  });
  // Sent to the new path, which was closed: it was never asked.
  end(ask(0, 'c'), 'complete', { tier: { intended: 'primary', served: 'primary', cell: 'ramp:new:b1' } });
  expect(view().buckets[0]).toMatchObject({ n: 0, bad: 0, old: 0 });
  end(ask(0, 'd'), 'refusal');
  expect(view().buckets[0]).toMatchObject({ n: 1, bad: 1 });
});

test('a stage goes on only when every open bucket has its data and somebody says so; auto says so itself', () => {
  for (const auto of [false, true]) {
    const { ramps, ask, end, view } = house({ ramp: { auto } });
    expect(ramps.change('chat', 'advance', {})).toEqual({
      ok: false,
      why: 'Bucket 1: 0 of 20 exchanges: no data is not a pass.',
    });
    const fill = (buckets: number) => {
      for (let i = 0; i < 400; i++) for (let b = 0; b < buckets; b++) end(ask(b, `${view().stage}.${i}`));
    };
    fill(2);
    if (!auto) {
      expect(view()).toMatchObject({ stage: 1, gate: { verdict: 'pass' } });
      expect(ramps.change('chat', 'advance', {})).toMatchObject({ ok: true, ramp: { stage: 2 } });
    } else expect(view().stage).toBeGreaterThanOrEqual(2);
    fill(5);
    if (!auto) ramps.change('chat', 'advance', {});
    fill(5);
    expect(view()).toMatchObject({ stage: 3, phase: 'done' });
    expect(view().exposure.hard).toBeGreaterThan(0.3);
  }
});

test('on a frozen route nothing goes on by itself, and what fails is taken back all the same', () => {
  let frozen = true;
  const { ask, end, view } = house({ ramp: { auto: true }, frozen: () => frozen });
  const fill = () => {
    for (let i = 0; i < 400; i++) for (let b = 0; b < 2; b++) end(ask(b, `${view().stage}.${i}`));
  };
  fill();
  expect(view()).toMatchObject({ stage: 1, gate: { verdict: 'pass' } });
  frozen = false;
  fill();
  const { stage } = view();
  expect(stage).toBeGreaterThanOrEqual(2);
  frozen = true;
  for (let i = 0; i < 400; i++) end(ask(1, `bad${i}`), 'error', { failure: BROKEN });
  expect(view()).toMatchObject({ stage, buckets: { 1: { rolledBack: {} } } });
});

test('the harm budget stops the whole ramp', () => {
  const { ask, end, view } = house({
    ramp: { stages: [[100, 100, 100, 100, 100]], harm: 3, baseline: 0.4 },
  });
  for (let i = 0; i < 3; i++) end(ask(i, `t${i}`), 'refusal');
  expect(view()).toMatchObject({ phase: 'stopped', harm: { seen: 3, budget: 3 } });
  expect(view().says).toContain('3 bad answers');
  expect(ask(0, 'x').turn?.tier).toBe('primary');
});

test('edges and baseline are learnt from the old path before anything moves', () => {
  const { ask, end, view, events } = house({ ramp: { edges: undefined, baseline: undefined, learn: 500 } });
  expect(view()).toMatchObject({ phase: 'learning', buckets: [{ bucket: 1, percent: 0 }, {}, {}, {}, {}] });
  for (let i = 0; i < 500; i++) {
    const asked = ask(0, `t${i}`, { facets: facets(40 + 20 * i) });
    expect(asked.turn).toMatchObject({ tier: 'primary', without: ['next'] });
    end(asked, i % 50 === 0 ? 'refusal' : 'complete');
  }
  expect(events).toEqual(['ramp.learnt']);
  const { buckets, phase } = view();
  expect(phase).toBe('ramping');
  for (const { baseline } of buckets) {
    expect(baseline).toBeGreaterThan(0.02);
    expect(baseline).toBeLessThan(0.08);
  }
  expect(buckets.map(({ from = 0 }) => from)).toEqual(buckets.map(({ from = 0 }) => from).sort());
});

test('traffic that cannot be divided is said, and nothing moves', () => {
  const { ask, end, view } = house({ ramp: { edges: undefined, learn: 100 } });
  for (let i = 0; i < 300; i++) end(ask(0, `t${i}`));
  expect(view().phase).toBe('learning');
  expect(view().says).toContain('edges');
});

test('a restart goes on where it stood, the same plan over a reload too, another plan begins anew', () => {
  const first = house();
  for (let i = 0; i < 100; i++) first.end(first.ask(0, `t${i}`));
  first.ramps.change('chat', 'rollback', { bucket: 2, why: 'not today' });
  const saved = JSON.parse(JSON.stringify(first.ramps.snapshot())) as RampsSnapshot;

  const again = house({ saved });
  expect(again.view()).toEqual(first.view());
  again.ramps.reload(routesOf());
  expect(again.view()).toEqual(first.view());
  again.ramps.reload(routesOf({ harm: 51 }));
  expect(again.events).toEqual(['ramp.anew']);
  expect(again.view().buckets[0]).toMatchObject({ n: 0 });

  const other = house({ saved, model: 'm3' });
  expect(other.events).toEqual(['ramp.anew']);
  other.ramps.reload({});
  expect(other.ramps.read()).toEqual([]);
});

const JUDGED = { verdicts: true, stages: [[100, 100, 100, 100, 100]] };

test('with verdicts an answer counts when somebody has judged it, and one that failed by itself at once', () => {
  const { ask, end, ramps, view } = house({ ramp: JUDGED });
  const asked = Array.from({ length: 40 }, (_, i) => ask(4, `t${i}`));
  for (const one of asked) end(one);
  expect(view().buckets[4]).toMatchObject({ n: 0, bad: 0, stageN: 0, unjudged: 40 });
  expect(view()).toMatchObject({ verdicts: true, exposure: { all: 1, hard: 1 }, gate: { verdict: 'wait' } });
  end(ask(4, 'failing'), 'error', { failure: BROKEN });
  expect(view().buckets[4]).toMatchObject({ n: 1, bad: 1, unjudged: 40 });

  const of = (i: number, good: boolean) => ({ exchange: asked[i]?.question.id as string, good });
  const judged = ramps.judge('chat', [
    of(0, true),
    of(1, true),
    of(0, false),
    { exchange: 'other', good: true },
  ]);
  expect(judged).toMatchObject({ counted: 2, unknown: [of(0, false).exchange, 'other'] });
  expect(view().buckets[4]).toMatchObject({ n: 3, bad: 1, stageN: 3, unjudged: 38 });
  ramps.judge(
    'chat',
    Array.from({ length: 8 }, (_, i) => of(2 + i, false)),
  );
  expect(view().buckets[4]?.rolledBack?.why).toContain('bad of');
  expect(ramps.judge('nope', [])).toBeUndefined();
});

test('the baseline of a ramp with verdicts is learnt from verdicts too', () => {
  const { ask, end, ramps, view } = house({
    ramp: { ...JUDGED, edges: undefined, baseline: undefined, learn: 200, minimum: 5 },
  });
  const asked = Array.from({ length: 400 }, (_, i) => ask(i % 5, `t${i}`));
  for (const one of asked) end(one);
  expect(view()).toMatchObject({ phase: 'learning', learnt: { seen: 0 } });
  const verdicts = asked.map(({ question }, i) => ({ exchange: question.id, good: i % 10 > 0 }));
  ramps.judge('chat', verdicts.slice(0, 250));
  // One in ten was called bad on the old path, all of them in the easiest bucket.
  expect(view().phase).toBe('ramping');
  expect(view().buckets[0]?.baseline).toBeGreaterThan(0.4);
  expect(view().buckets[4]?.baseline).toBeLessThan(0.1);
});

test('a verdict on an earlier stage is evidence, but no proof that this one was seen; one from before a reset is none', () => {
  const { ask, end, ramps, view } = house({
    ramp: {
      ...JUDGED,
      stages: [
        [100, 0, 0, 0, 0],
        [100, 100, 0, 0, 0],
      ],
      minimum: 5,
    },
  });
  const asked = Array.from({ length: 20 }, (_, i) => ask(0, `t${i}`));
  for (const one of asked) end(one);
  const verdicts = asked.map(({ question }) => ({ exchange: question.id, good: true }));
  ramps.judge('chat', verdicts.slice(0, 5));
  expect(ramps.change('chat', 'advance', {})).toMatchObject({ ok: true });
  ramps.judge('chat', verdicts.slice(5, 10));
  expect(view().buckets[0]).toMatchObject({ n: 10, stageN: 0, unjudged: 10 });
  ramps.change('chat', 'reset', { bucket: 1 });
  expect(ramps.judge('chat', verdicts.slice(10))).toMatchObject({ counted: 0 });
});
