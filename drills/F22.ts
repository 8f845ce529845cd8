import { sketch } from '#kernel/stats';
import { type Arrived, arrive } from './arrivals.ts';
import { defineDrill, type Expectation, type Scene, type SceneContext, together } from './define.ts';
import { lengths } from './F22-lengths.ts';
import { places } from './F22-places.ts';
import { type Measure, never } from './measure.ts';
import type { Question, Rehearsal } from './rehearsal.ts';

const MODELS = ['a', 'b'] as const;
/** Whole micro-dollars a token, so that no bill depends on where it was rounded. */
const PRICES = { input: 2, output: 10 };
const FIRST_TOKEN = { median: 400, sigma: 0.4 };

/** 3 % of the answers begin after 5 to 30 s, on either target, whatever the other does. */
const SECONDS = Array.from({ length: 26 }, (_, i) => 5 + i);
const STRAGGLERS = SECONDS.map((s) => ({
  fault: 'slow-first-token',
  with: { after: `${s}s` },
  probability: 0.03 / SECONDS.length,
}));
/** Everything three times slower, on both targets, from this moment on. */
const MOVED_AT = 40_000;
const MOVED = [{ fault: 'latency-multiplier', with: { factor: 3 }, from: MOVED_AT }];

/** `gap`: milliseconds a token, which is what makes a long answer take longer. */
const worldOf = (timeline: readonly object[], gap = 0): string =>
  JSON.stringify({
    models: Object.fromEntries(
      MODELS.map((model) => [
        model,
        { firstToken: FIRST_TOKEN, gap: { median: gap, sigma: 0 }, tokens: { median: 40 }, prices: PRICES },
      ]),
    ),
    timeline,
  });

const configOf = (hedge: boolean): string =>
  JSON.stringify({
    providers: {
      sim: { kind: 'simulator', prices: Object.fromEntries(MODELS.map((model) => [model, PRICES])) },
    },
    routes: {
      chat: {
        hedge,
        tiers: [{ name: 'primary', targets: MODELS.map((model) => ({ provider: 'sim', model })) }],
      },
    },
  });

/** As long as prompts are: what a loser is billed is its input, estimated from its bytes. */
const SYSTEM = 'You keep the midnight watch of a ship and answer in short sentences. '.repeat(10);

const question = (i: number, model = 'chat'): Question => ({
  path: '/v1/chat/completions',
  body: {
    model,
    stream: true,
    stream_options: { include_usage: true },
    messages: [
      { role: 'system', content: SYSTEM },
      { role: 'user', content: `What is ${17 + (i % 50)}*23?` },
    ],
  },
});

/** Two uses of one route, whose answers come whole: labels of some words, and reports that take half a minute. */
const GAP = 20;
const WORDS = { label: 10, report: 1_000 } as const;
type Use = keyof typeof WORDS;
const useOf = (i: number): Use => (i % 2 === 0 ? 'label' : 'report');
const mixed = (i: number, model = 'chat'): Question => ({
  path: '/v1/chat/completions',
  body: {
    model,
    messages: [
      { role: 'system', content: SYSTEM },
      { role: 'user', content: `Write of day ${i} in ${WORDS[useOf(i)]} words.` },
    ],
  },
  headers: { 'x-midwatch-feature': useOf(i) },
});

/** Ten questions a second. The first of them teach the route what late is, and earn the first hedges. */
const EVERY = 100;
const LEARNING = { full: 700, quick: 400 } as const;
/** Of 40,000 in all the P99.9 has an interval as wide as what is claimed of it. */
const COUNTED = { full: 5_000, quick: 600 } as const;
/** For look-alikes, whose rates need fewer questions than a tail does. */
const FEWER = { full: 600, quick: 300 } as const;

interface Asked {
  readonly rehearsal: Rehearsal;
  /** Those that count. */
  readonly answers: readonly Arrived[];
  readonly asked: number;
}

async function ask(
  context: SceneContext,
  timeline: readonly object[],
  {
    counted = FEWER,
    hedge = true,
    both = false,
  }: {
    readonly counted?: typeof COUNTED | typeof FEWER;
    readonly hedge?: boolean;
    /** Short and long whole answers in place of streams. */
    readonly both?: boolean;
  } = {},
): Promise<Asked> {
  const size = context.quick ? 'quick' : 'full';
  const asked = LEARNING[size] + counted[size];
  const rehearsal = context.rehearse({ world: worldOf(timeline, both ? GAP : 0), config: configOf(hedge) });
  const all = await arrive(rehearsal, {
    every: EVERY,
    span: asked * EVERY,
    question: (i) => (both ? mixed(i) : question(i)),
  });
  return { rehearsal, answers: all.slice(LEARNING[size]), asked };
}

const latency = ({ answers }: Asked): Measure => ({
  kind: 'values',
  values: answers.map(({ seen }) => seen.ms),
});

/** LEARNING is even, so the first that counts is a label. */
const latencyOf = ({ answers }: Asked, use: Use): Measure => ({
  kind: 'values',
  values: answers.filter((_, i) => useOf(i) === use).map(({ seen }) => seen.ms),
});

const extra = ({ rehearsal, asked }: Asked): Measure => ({
  kind: 'values',
  values: [(rehearsal.crossings.length - asked) / asked],
});

const unserved = (all: readonly Asked[]): Measure => {
  const answers = all.flatMap((one) => one.answers);
  const failed = answers.filter(({ seen }) => seen.status !== 200 || seen.broken);
  return never(
    failed.length,
    answers.length,
    failed.map(({ seen }) => `${seen.status} ${seen.body.slice(0, 200)}`),
  );
};

const recorded = ({ rehearsal }: Asked) => rehearsal.finished.map(({ facts }) => facts);

/** Every call that crossed the wire has one row; the loser of a hedge too, cancelled and with its cause. */
const unbooked = (one: Asked): Measure => {
  const rows = recorded(one).flatMap(({ attempts }) => attempts);
  return never(Math.abs(rows.length - one.rehearsal.crossings.length), one.rehearsal.crossings.length);
};

/** Exchanges with a hedge of which not exactly one call was left to end and every other given up. */
const unfinished = (one: Asked): Measure => {
  const hedged = recorded(one).filter(({ attempts }) => attempts.some(({ cause }) => cause === 'hedge'));
  const odd = hedged.filter(
    ({ attempts }) =>
      attempts.filter(({ failure }) => failure?.kind === 'hedge_lost').length !== attempts.length - 1,
  );
  return never(
    odd.length,
    hedged.length,
    odd.map(({ attempts }) =>
      attempts.map(({ cause, outcome, failure }) => `${cause} ${outcome} ${failure?.kind ?? ''}`).join(', '),
    ),
  );
};

const billError = (one: Asked): Measure => {
  const { total } = one.rehearsal.simulator.ledger();
  const ours = recorded(one).reduce((sum, { cost }) => sum + cost.microUsd, 0);
  return { kind: 'values', values: [(ours - total.microUsd) / total.microUsd] };
};

/** P99 of the first tokens as the product keeps it, against the exact one. */
function sketchError(one: Asked): Measure {
  const values = recorded(one).flatMap(({ timing }) => timing.firstToken ?? []);
  const kept = sketch();
  for (const value of values) kept.insert(value);
  const sorted = values.toSorted((x, y) => x - y);
  const exact = sorted[Math.floor(0.99 * (sorted.length - 1))] as number;
  return { kind: 'values', values: [kept.quantile(0.99) / exact - 1] };
}

/** Good use of the time: first tokens within twice the slowed median. */
const GOOD = 2 * 3 * FIRST_TOKEN.median;
function goodput(one: Asked): number {
  const [begun] = recorded(one);
  const slow = recorded(one).filter(({ at }) => begun && at >= begun.at + MOVED_AT);
  return slow.filter(({ timing: { firstToken = Infinity } }) => firstToken <= GOOD).length / slow.length;
}

const EXTRA = (name: string, says: string): Expectation => ({
  name,
  says,
  goal: { kind: 'every', atMost: 0.05 },
  unit: 'share',
  declared: '5 %',
});

const on: Scene = {
  expectations: [
    {
      name: 'p99',
      says: 'latency of callers, p99',
      goal: { kind: 'quantile', q: 0.99, atMost: 1_500 },
      unit: 'ms',
      declared: '22 s → 1.5 s',
      full: true,
    },
    {
      name: 'p98',
      says: 'latency of callers, p98: beyond it are the slowest two of the three stragglers in a hundred',
      goal: { kind: 'quantile', q: 0.98, atMost: 2_000 },
      unit: 'ms',
    },
    {
      name: 'p999',
      says: 'latency of callers, p99.9: two stragglers in a row, and a third call that answers in time',
      goal: { kind: 'quantile', q: 0.999, atMost: 2_000 },
      unit: 'ms',
      declared: '29.6 s → 2.0 s',
      full: true,
    },
    EXTRA('extra', 'calls to the provider beyond one for each question, each seed'),
    {
      name: 'unserved',
      says: 'questions that were not answered',
      goal: { kind: 'never' },
      unit: 'count',
    },
    {
      name: 'unbooked',
      says: 'calls on the wire without a row of their own',
      goal: { kind: 'never' },
      unit: 'count',
    },
    {
      name: 'losers',
      says: 'hedged exchanges that do not end with one call that serves and the others given up',
      goal: { kind: 'never' },
      unit: 'count',
    },
    {
      name: 'bill-error',
      says: 'Σ dollars of all rows, losers estimated, against the bill, each seed',
      goal: { kind: 'every', atLeast: -0.01, atMost: 0.01 },
      unit: 'share',
    },
    {
      name: 'sketch-error',
      says: 'p99 of first tokens by the sketch against the exact one, each seed',
      goal: { kind: 'every', atLeast: -0.01, atMost: 0.01 },
      unit: 'share',
      declared: '1 %',
    },
    EXTRA('moved-extra', 'the same while everything is three times slower, each seed'),
    {
      name: 'moved-goodput',
      says: 'first tokens in time while everything is slower: share with hedging less share without, median of the seeds',
      goal: { kind: 'quantile', q: 0.5, atLeast: -0.005 },
      unit: 'share',
      declared: 'not below',
      full: true,
    },
    {
      name: 'label-p99',
      says: 'whole answers of some words beside others that take half a minute, on one route: p99',
      goal: { kind: 'quantile', q: 0.99, atMost: 3_000 },
      unit: 'ms',
      full: true,
    },
    {
      name: 'report-p99',
      says: 'the long ones, 28 s each without a straggler: p99',
      goal: { kind: 'quantile', q: 0.99, atMost: 60_000 },
      unit: 'ms',
      full: true,
    },
    EXTRA('mixed-extra', 'calls to the provider beyond one for each of these, each seed'),
    {
      name: 'mixed-unserved',
      says: 'of these that were not answered',
      goal: { kind: 'never' },
      unit: 'count',
    },
  ],
  async run(context) {
    const mixed = await ask(context, STRAGGLERS, { both: true });
    const tail = await ask(context, STRAGGLERS, { counted: COUNTED });
    const moved = await ask(context, [...STRAGGLERS, ...MOVED]);
    const plain = await ask(context, [...STRAGGLERS, ...MOVED], { hedge: false });
    return {
      'label-p99': latencyOf(mixed, 'label'),
      'report-p99': latencyOf(mixed, 'report'),
      'mixed-extra': extra(mixed),
      'mixed-unserved': unserved([mixed]),
      p99: latency(tail),
      p98: latency(tail),
      p999: latency(tail),
      extra: extra(tail),
      unserved: unserved([tail, moved]),
      unbooked: unbooked(tail),
      losers: unfinished(tail),
      'bill-error': billError(tail),
      'sketch-error': sketchError(tail),
      'moved-extra': extra(moved),
      'moved-goodput': { kind: 'values', values: [goodput(moved) - goodput(plain)] },
    };
  },
};

const twin: Scene = {
  expectations: [
    {
      name: 'p99',
      says: 'latency of callers when nobody straggles, p99 (1.01 s without hedging)',
      goal: { kind: 'quantile', q: 0.99, atMost: 1_100 },
      unit: 'ms',
      full: true,
    },
    EXTRA('extra', 'calls to the provider beyond one for each question, each seed'),
    EXTRA('mixed-extra', 'the same of whole answers, short and long'),
    {
      name: 'unserved',
      says: 'questions that were not answered',
      goal: { kind: 'never' },
      unit: 'count',
    },
  ],
  async run(context) {
    const healthy = await ask(context, []);
    const mixed = await ask(context, [], { both: true });
    return {
      p99: latency(healthy),
      extra: extra(healthy),
      unserved: unserved([healthy, mixed]),
      'mixed-extra': extra(mixed),
    };
  },
};

const off: Scene = {
  expectations: [
    {
      name: 'median',
      says: 'latency, median: what a panel shows',
      goal: { kind: 'quantile', q: 0.5, atMost: 450 },
      unit: 'ms',
    },
    {
      name: 'p99',
      says: 'latency, p99',
      goal: { kind: 'quantile', q: 0.99, atLeast: 15_000 },
      unit: 'ms',
      declared: '22 s',
    },
    {
      name: 'p999',
      says: 'latency, p99.9',
      goal: { kind: 'quantile', q: 0.999, atLeast: 25_000 },
      unit: 'ms',
      declared: '29.6 s',
      full: true,
    },
    {
      name: 'label-p99',
      says: 'whole answers of some words, p99',
      goal: { kind: 'quantile', q: 0.99, atLeast: 15_000 },
      unit: 'ms',
      full: true,
    },
  ],
  async run(context) {
    const size = context.quick ? 'quick' : 'full';
    const direct = async (gap: number, n: number, one: (i: number) => Question): Promise<Measure> => {
      const rehearsal = context.rehearse({ world: worldOf(STRAGGLERS, gap), config: configOf(false) });
      const values: number[] = [];
      for (let i = 0; i < n; i++) values.push((await rehearsal.askDirectly(one(i))).ms);
      return { kind: 'values', values };
    };
    const measure = await direct(0, COUNTED[size], (i) => question(i, MODELS[0]));
    const labels = await direct(GAP, FEWER[size], (i) => mixed(2 * i, MODELS[0]));
    return { median: measure, p99: measure, p999: measure, 'label-p99': labels };
  },
};

export const F22 = defineDrill({
  id: 'F22',
  title: 'Taming the tail',
  world:
    'First tokens after 0.4 s in the median; 3 % of the answers straggle by 5 to 30 s. Then a look-alike in which everything becomes three times slower, and hedges would only add load. Beside it a target with forty places, which are wanted by many short answers and, all at once, by sixty long ones; and answers without a limit, of which one in two thousand goes on and on.',
  seeds: { full: 20, quick: 2 },
  on: together(on, places.on, lengths.on),
  twin: together(twin, places.twin, lengths.twin),
  off: together(off, places.off, lengths.off),
});
