import { seeded } from '#kernel';
import { arrive } from './arrivals.ts';
import { defineDrill, type Expectation, type Scene, type SceneContext } from './define.ts';
import {
  configOf,
  EDGES,
  type EdgeName,
  edgeOf,
  MUTATIONS,
  type Mutation,
  OUTAGES,
  question,
  SHARE,
  served,
  worldOf,
} from './F57-world.ts';
import { type Measure, never, pool } from './measure.ts';
import type { Rehearsal } from './rehearsal.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const PROVING = 110 * MINUTE;
/** Longest wait for BROKEN. */
const PROMISE = 10 * MINUTE;
const OUTAGE = 3 * MINUTE;

/** A gateway that was restarted after its fallbacks had been proven, at a share that makes it quick. */
async function proven({ rehearse }: SceneContext, world: string): Promise<Rehearsal> {
  const yesterday = rehearse({ world: worldOf(), config: configOf(0.05) });
  const all = () => EDGES.every((edge) => edgeOf(yesterday, edge).state === 'PROVEN');
  await arrive(yesterday, { every: SECOND / 2, span: PROVING, question, enough: all });
  const rehearsal = rehearse({ world, config: configOf(SHARE) });
  rehearsal.proofs.restore(yesterday.proofs.snapshot());
  return rehearsal;
}

interface Lived {
  readonly unproven: number;
  readonly firstFailure: number;
  readonly broken: number;
  readonly failures: number;
  readonly errors: Measure;
  readonly outageErrors: Measure;
  readonly firstTries: Measure;
}

/** One contract changes for the worse, and some time later the first tier is lost. */
async function live(context: SceneContext, victim: EdgeName, how: Mutation, index: number): Promise<Lived> {
  const random = seeded(`F57 ${context.seed} ${index}`);
  const from = PROMISE + Math.floor(random() * MINUTE);
  const fault = OUTAGES[(context.seed + index) % OUTAGES.length] as (typeof OUTAGES)[number];
  const rehearsal = await proven(context, worldOf({ ...fault, from, to: from + OUTAGE }));
  const { clock } = rehearsal;
  const began = clock.now();
  rehearsal.reconfigure(configOf(SHARE, { edge: victim, how }));
  const unproven = edgeOf(rehearsal, victim).state === 'UNPROVEN' ? 0 : Number.POSITIVE_INFINITY;
  let firstFailure = Number.POSITIVE_INFINITY;
  let broken = Number.POSITIVE_INFINITY;
  let failures = 0;
  const look = () => {
    const since = clock.now() - began;
    if (broken < Number.POSITIVE_INFINITY || since > from) return;
    const edge = edgeOf(rehearsal, victim);
    if (edge.failures > failures || edge.state === 'BROKEN') {
      failures = edge.state === 'BROKEN' ? failures + 1 : edge.failures;
      firstFailure = Math.min(firstFailure, since);
    }
    if (edge.state === 'BROKEN') broken = since;
  };
  const answers = await arrive(rehearsal, { every: SECOND, span: from + OUTAGE, question, look });
  const errorsIn = (low: number, high: number): Measure => {
    const within = answers.filter(({ at }) => at - began >= low && at - began < high);
    const wrong = within.filter(({ seen }) => !served(seen));
    return never(
      wrong.length,
      within.length,
      wrong.map(({ seen }) => `${how}, then ${fault.fault}: ${seen.status} ${seen.body.slice(0, 160)}`),
    );
  };
  const inOutage = rehearsal.finished.filter(
    ({ facts }) => facts.at - began >= from && facts.at - began < from + OUTAGE && facts.source === 'gateway',
  );
  const viaVictim = inOutage.filter(({ facts }) => facts.attempts.some(({ tier }) => tier === victim));
  return {
    unproven,
    firstFailure,
    broken,
    failures,
    errors: errorsIn(0, from),
    outageErrors: errorsIn(from, from + OUTAGE),
    firstTries: { kind: 'rate', events: viaVictim.length, n: inOutage.length },
  };
}

/** The same edge is mended: from then on, how long until it is proven, and what that took of the traffic. */
async function mend(context: SceneContext, victim: EdgeName) {
  const rehearsal = await proven(context, worldOf());
  const { clock, finished } = rehearsal;
  rehearsal.reconfigure(configOf(SHARE, { edge: victim, how: 'mended' }));
  const began = clock.now();
  const before = finished.length;
  let until = Number.POSITIVE_INFINITY;
  await arrive(rehearsal, {
    every: SECOND,
    span: PROVING,
    question,
    look() {
      if (until === Number.POSITIVE_INFINITY && edgeOf(rehearsal, victim).state === 'PROVEN')
        until = clock.now() - began;
    },
  });
  const own = finished.slice(before);
  const forced = EDGES.map(
    (edge) =>
      own.filter(({ facts }) => facts.source === 'exercise' && facts.attempts[0]?.tier === edge).length /
      own.length,
  );
  return { until, forced };
}

const expectations: readonly Expectation[] = [
  {
    name: 'unproven',
    says: 'from the change of a contract to UNPROVEN, each edge and change',
    goal: { kind: 'every', atMost: SECOND },
    unit: 'ms',
    declared: 'at once, by its hash',
  },
  {
    name: 'first-failure',
    says: 'from the change to the first forced failure, each',
    goal: { kind: 'every', atMost: 205 * SECOND },
    unit: 'ms',
    declared: 'at most two blocks of 100 s',
  },
  {
    name: 'first-failure-median',
    says: 'the same, half of them',
    goal: { kind: 'quantile', q: 0.5, atMost: 100 * SECOND },
    unit: 'ms',
    declared: '100 s in the mean',
    full: true,
  },
  {
    name: 'failures-to-broken',
    says: 'forced failures until BROKEN, each',
    goal: { kind: 'every', atMost: 3 },
    unit: 'attempts',
    declared: '3',
  },
  {
    name: 'broken',
    says: 'from the change to BROKEN, each',
    goal: { kind: 'every', atMost: PROMISE },
    unit: 'ms',
    declared: 'under 10 min',
  },
  {
    name: 'errors-before',
    says: 'callers who saw the changed edge fail while it was exercised',
    goal: { kind: 'never' },
    unit: 'count',
  },
  {
    name: 'errors-in-outage',
    says: 'callers who got no answer, or one that breaks their schema, while the first tier was lost',
    goal: { kind: 'never' },
    unit: 'count',
  },
  {
    name: 'broken-last',
    says: 'exchanges of the outage that tried the broken edge at all',
    goal: { kind: 'rate', atMost: 0.02 },
    unit: 'share',
    full: true,
  },
  {
    name: 'proven-again',
    says: 'from the mending to PROVEN, each edge',
    goal: { kind: 'every', atLeast: 57 * 100 * SECOND, atMost: 99.5 * MINUTE },
    unit: 'ms',
    declared: '59 exercises in 98 min',
    full: true,
  },
  {
    name: 'forced-share',
    says: 'share of the traffic that exercised each edge meanwhile',
    goal: { kind: 'every', atLeast: SHARE - 0.001, atMost: SHARE + 0.001 },
    unit: 'share',
    declared: '1 %, within 0.1 points',
    full: true,
  },
];

const on: Scene = {
  expectations,
  async run(context) {
    const { seed, quick } = context;
    const mutations = quick ? [MUTATIONS[seed % 3] as Mutation] : MUTATIONS;
    const all: Lived[] = [];
    for (const [i, how] of mutations.entries()) {
      const victim = EDGES[(seed + i) % EDGES.length] as EdgeName;
      all.push(await live(context, victim, how, i));
    }
    const each = (of: (lived: Lived) => number): Measure => ({ kind: 'values', values: all.map(of) });
    const again = quick ? undefined : await mend(context, EDGES[seed % EDGES.length] as EdgeName);
    return {
      unproven: each((l) => l.unproven),
      'first-failure': each((l) => l.firstFailure),
      'first-failure-median': each((l) => l.firstFailure),
      'failures-to-broken': each((l) => l.failures),
      broken: each((l) => l.broken),
      'errors-before': all.map((l) => l.errors).reduce(pool),
      'errors-in-outage': all.map((l) => l.outageErrors).reduce(pool),
      'broken-last': all.map((l) => l.firstTries).reduce(pool),
      'proven-again': { kind: 'values', values: again ? [again.until] : [] },
      'forced-share': { kind: 'values', values: again?.forced ?? [] },
    };
  },
};

const twin: Scene = {
  expectations: [
    {
      name: 'called-broken',
      says: 'looks at an edge that is not proven while no contract changes',
      goal: { kind: 'never' },
      unit: 'count',
    },
    {
      name: 'errors',
      says: 'callers without an answer they can read, in the same outage too',
      goal: { kind: 'never' },
      unit: 'count',
    },
  ],
  async run(context) {
    const from = 4 * MINUTE;
    const fault = OUTAGES[context.seed % OUTAGES.length] as (typeof OUTAGES)[number];
    const rehearsal = await proven(context, worldOf({ ...fault, from, to: from + OUTAGE }));
    let looks = 0;
    let wrong = 0;
    const answers = await arrive(rehearsal, {
      every: SECOND,
      span: from + OUTAGE,
      question,
      look() {
        for (const edge of EDGES) {
          looks++;
          if (edgeOf(rehearsal, edge).state !== 'PROVEN') wrong++;
        }
      },
    });
    const failed = answers.filter(({ seen }) => !served(seen));
    return {
      'called-broken': never(wrong, looks),
      errors: never(
        failed.length,
        answers.length,
        failed.map(({ seen }) => `${fault.fault}: ${seen.status} ${seen.body.slice(0, 160)}`),
      ),
    };
  },
};

/** Outages that an application notices by itself. */
const PLAIN = OUTAGES.filter(({ fault }) => fault === 'status' || fault === 'error-in-200');

const off: Scene = {
  expectations: [
    {
      name: 'failed-over-errors',
      says: 'of the exchanges that fail over to an edge that nobody exercised, those that err as well',
      goal: { kind: 'rate', atLeast: 0.97 },
      unit: 'share',
      declared: '100 %',
    },
  ],
  async run({ rehearse, seed, quick }) {
    const outage = PLAIN[seed % PLAIN.length] as (typeof PLAIN)[number];
    const rehearsal = rehearse({
      world: worldOf({ ...outage, from: 0, to: PROVING }),
      config: configOf(0),
    });
    const mutation = (['renamed', 'gone'] as const)[seed % 2] as Mutation;
    let [failed, n] = [0, 0];
    const ask = (i: number, model: string) => {
      const one = question(i);
      return rehearsal.askDirectly({ ...one, body: { ...(one.body as object), model } });
    };
    for (let i = 0; i < (quick ? 40 : 150); i++) {
      if (served(await ask(i, 'main'))) continue;
      n++;
      if (!served(await ask(i, `a-${mutation}`))) failed++;
    }
    return { 'failed-over-errors': { kind: 'rate', events: failed, n } };
  },
};

export const F57 = defineDrill({
  id: 'F57',
  title: 'A fallback is proven only by use',
  world:
    'A chain of three fallbacks, one ask a second, 1 % of them sent through each fallback on purpose. The contract of one changes for the worse (a field renamed, a key moved, a model retired), and minutes later the first tier is lost: refused, broken, silent, dripping, cut or unreadable.',
  seeds: { full: 20, quick: 1 },
  on,
  twin,
  off,
});
