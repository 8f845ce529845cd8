import { seeded } from '#kernel';
import { GRADE } from '#kernel/resilience';
import { bernoulliCusum } from '#kernel/stats';
import { type Arrived, arrive } from './arrivals.ts';
import type { Expectation, Scene, SceneContext } from './define.ts';
import {
  alarmed,
  type Scene as Fault,
  HOUR,
  MINUTE,
  questionTo,
  SPARE,
  seasoned,
  standingOf,
  worldOf,
} from './F41-world.ts';
import { type Measure, never } from './measure.ts';

const PRIMARY = 'main';

/** Share of slow answers, what the catalogue declares for it, and how often a seed tries. */
const STEPS = [
  { percent: 30, median: 23, p95: 41, trials: 20 },
  { percent: 10, median: 83, p95: 157, trials: 14, full: true },
  { percent: 5, median: 225, p95: 486, trials: 12, full: true },
] as const;

const QUICK_TRIALS = 20;

const stepExpectations = STEPS.flatMap(({ percent, median, p95, ...rest }): Expectation[] => {
  const full = 'full' in rest ? { full: true as const } : {};
  const says = `answers until the state changes when ${percent} % of them are slow`;
  const unit = 'exchanges';
  return [
    {
      ...full,
      name: `found-${percent}-median`,
      says: `${says}, median`,
      goal: { kind: 'quantile', q: 0.5, atMost: Math.ceil(median * 1.15) },
      unit,
      declared: String(median),
    },
    {
      name: `found-${percent}-p95`,
      says: `${says}, p95`,
      goal: { kind: 'quantile', q: 0.95, atMost: Math.ceil(p95 * 1.2) },
      unit,
      declared: String(p95),
      full: true,
    },
  ];
});

/** Every trial has a target of its own, because one that has been through a brownout is watched more closely. */
async function stepMeasures(context: SceneContext): Promise<Record<string, Measure>> {
  const measures: Record<string, Measure> = {};
  for (const step of STEPS) {
    const { percent, trials } = step;
    const length = !context.quick ? trials : 'full' in step ? 0 : QUICK_TRIALS;
    const targets = Array.from({ length }, (_, i) => `m${i}`);
    const slow = { fault: 'latency-multiplier', with: { factor: 25 }, probability: percent / 100 };
    const rehearsal = await seasoned(context, targets, [slow]);
    const values: number[] = [];
    for (const model of targets) {
      let asked = 0;
      while (!alarmed(rehearsal, model)) await rehearsal.ask(questionTo(model)(asked++));
      values.push(asked);
    }
    measures[`found-${percent}-median`] = { kind: 'values', values };
    measures[`found-${percent}-p95`] = { kind: 'values', values };
  }
  return measures;
}

const RAMP = 6 * HOUR;
const SEGMENTS = 36;
/** Twelve times the usual for up to a tenth of the answers, and up to 4 % errors: p99 grows from 2.1 s to 14 s. */
const RAMPING: readonly Fault[] = Array.from({ length: SEGMENTS }, (_, i) => {
  const worse = (i + 0.5) / SEGMENTS;
  const window = { from: (i * RAMP) / SEGMENTS, to: ((i + 1) * RAMP) / SEGMENTS };
  return [
    { fault: 'latency-multiplier', with: { factor: 12 }, probability: 0.1 * worse, ...window },
    { fault: 'status', with: { code: 500 }, probability: 0.039 * worse, ...window },
  ];
}).flat();

/** Fewer questions than in life make the ramp harder to see, not easier. */
const EVERY = { full: 6_000, quick: 12_000 } as const;
/** After recovery three a second: the way back is counted in answers of a trickle of 5 %, so a quiet route takes longer. */
const AFTER = { every: 333, span: 11 * MINUTE } as const;

async function rampMeasures(context: SceneContext): Promise<Record<string, Measure>> {
  const rehearsal = await seasoned(context, [PRIMARY], RAMPING);
  const { clock, simulator, finished } = rehearsal;
  const start = clock.now();
  const question = questionTo(PRIMARY);
  let sick = false;
  let flaps = 0;
  let back = Number.POSITIVE_INFINITY;
  const look = () => {
    const now = alarmed(rehearsal, PRIMARY);
    if (sick && !now) flaps++;
    sick = now;
  };
  const every = EVERY[context.quick ? 'quick' : 'full'];
  const during = await arrive(rehearsal, { every, span: RAMP, question, look });
  const found = sick || flaps > 0;
  const relapses = flaps;
  const recovered = start + RAMP;
  const returning = () => {
    const full = (standingOf(rehearsal, PRIMARY)?.share ?? 0) > 0.99;
    if (full && !enough()) back = clock.now() - recovered;
  };
  const enough = () => back !== Number.POSITIVE_INFINITY;
  const after = context.quick ? [] : await arrive(rehearsal, { ...AFTER, question, look: returning, enough });
  const all = [...during, ...after];
  const { total } = simulator.ledger();
  const delivered = finished.reduce((sum, { facts: { usage } }) => sum + usage.input + usage.output, 0);
  const last = during.filter(({ at }) => at >= recovered - HOUR);
  return {
    'ramp-found': never(found ? 0 : 1, 1),
    'ramp-p99': latencies(during),
    'ramp-last-hour-p99': latencies(last),
    'ramp-unserved': unserved(all),
    'ramp-attempts': { kind: 'values', values: [total.requests / all.length - 1] },
    'ramp-tokens': {
      kind: 'values',
      values: [(total.tokens.input + total.tokens.output) / delivered - 1],
    },
    'ramp-flaps': { kind: 'values', values: [relapses] },
    'ramp-back': { kind: 'values', values: [back] },
  };
}

const latencies = (arrived: readonly Arrived[]): Measure => ({
  kind: 'values',
  values: arrived.map(({ seen }) => seen.ms),
});

export const unserved = (arrived: readonly Arrived[]): Measure => {
  const failed = arrived.filter(({ seen }) => seen.status !== 200 || seen.broken);
  return never(
    failed.length,
    arrived.length,
    failed.map(({ seen }) => `${seen.status} ${seen.body.slice(0, 200)}`),
  );
};

const rampExpectations: readonly Expectation[] = [
  {
    name: 'ramp-found',
    says: 'ramps of six hours that change no state',
    goal: { kind: 'never' },
    unit: 'count',
  },
  {
    name: 'ramp-p99',
    says: 'latency of callers over the whole ramp, p99',
    goal: { kind: 'quantile', q: 0.99, atMost: 4_000 },
    unit: 'ms',
    declared: '4 s against 14 s',
    full: true,
  },
  {
    name: 'ramp-last-hour-p99',
    says: 'the same in its last hour',
    goal: { kind: 'quantile', q: 0.99, atMost: 4_000 },
    unit: 'ms',
    full: true,
  },
  {
    name: 'ramp-unserved',
    says: 'questions of the ramp that were not answered',
    goal: { kind: 'never' },
    unit: 'count',
  },
  {
    name: 'ramp-attempts',
    says: 'calls to the provider beyond one for each question, each seed',
    goal: { kind: 'every', atMost: 0.1 },
    unit: 'share',
    declared: '10 %',
  },
  {
    name: 'ramp-tokens',
    says: 'tokens billed beyond those of the answers that were delivered, each seed',
    goal: { kind: 'every', atMost: 0.08 },
    unit: 'share',
    declared: '8 %',
  },
  {
    name: 'ramp-flaps',
    says: 'returns to health while it gets worse, each seed',
    goal: { kind: 'every', atMost: 2 },
    unit: 'count',
    declared: '2',
  },
  {
    name: 'ramp-back',
    says: 'until the primary has all of its traffic again after recovery, each seed',
    goal: { kind: 'every', atMost: 10 * MINUTE },
    unit: 'ms',
    declared: '10 min',
    full: true,
  },
];

const on: Scene = {
  expectations: [...stepExpectations, ...rampExpectations],
  run: async (context) => ({ ...(await stepMeasures(context)), ...(await rampMeasures(context)) }),
};

/** Answers of a healthy stream in the budget of the detector. */
const HEALTHY_STREAM = 100_000;

/** The threshold that is in force, and the one above it. */
const THRESHOLDS = [GRADE.h, GRADE.h + 1] as const;

/** Of the detector alone at exactly p0, the worst of the healthy rates: alarms by each threshold. */
function falseAlarms(seed: number, streams: number): readonly [Measure, Measure] {
  const random = seeded(`F41 healthy ${seed}`);
  const cusum = bernoulliCusum(GRADE);
  const [low, high] = THRESHOLDS;
  let [overLow, overHigh] = [0, 0];
  for (let stream = 0; stream < streams; stream++) {
    let state = cusum.start;
    let top = 0;
    for (let i = 0; i < HEALTHY_STREAM && top < high; i++) {
      state = cusum.step(state, random() < GRADE.p0 ? 1 : 0);
      top = Math.max(top, state.sum);
    }
    if (top >= low) overLow++;
    if (top >= high) overHigh++;
  }
  return [
    { kind: 'rate', events: overLow, n: streams },
    { kind: 'rate', events: overHigh, n: streams },
  ];
}

const twin: Scene = {
  expectations: [
    {
      name: 'false-alarms',
      says: 'questions to a healthy primary before which its state was worse than watch',
      goal: { kind: 'never' },
      unit: 'count',
    },
    {
      name: 'shifted',
      says: 'calls that went to the spare while the primary was well',
      goal: { kind: 'rate', atMost: 0.005 },
      unit: 'share',
    },
    {
      name: 'false-alarm-rate',
      says: 'healthy streams of 100,000 answers at exactly 1.1 % bad ones that raise an alarm',
      goal: { kind: 'rate', atMost: 0.09 },
      unit: 'share',
      declared: '6 %',
      full: true,
    },
    {
      name: 'false-alarm-rate-higher',
      says: `the same at a threshold of ${THRESHOLDS[1]} instead of ${THRESHOLDS[0]}`,
      goal: { kind: 'rate', atMost: 0.04 },
      unit: 'share',
      declared: '2.3 %; catalogue 1 %',
      full: true,
    },
  ],
  async run(context) {
    const rehearsal = await seasoned(context, [PRIMARY], []);
    let alarms = 0;
    const span = context.quick ? 10 * MINUTE : 15 * MINUTE;
    const arrived = await arrive(rehearsal, {
      every: 1_000,
      span,
      question: questionTo(PRIMARY),
      look() {
        if (alarmed(rehearsal, PRIMARY)) alarms++;
      },
    });
    const { crossings } = rehearsal;
    const [now, higher] = falseAlarms(context.seed, context.quick ? 0 : 50);
    return {
      'false-alarms': never(alarms, arrived.length),
      shifted: {
        kind: 'rate',
        events: crossings.filter(({ model }) => model === SPARE).length,
        n: crossings.length,
      },
      'false-alarm-rate': now,
      'false-alarm-rate-higher': higher,
    };
  },
};

/** Two states, up and down, as failover is usually built: so many failures in a row mean down. */
const IN_A_ROW = 5;
const OFF_EVERY = 20_000;

const off: Scene = {
  expectations: [
    {
      name: 'failovers',
      says: `failovers of a gateway that knows up and down (${IN_A_ROW} failures in a row)`,
      goal: { kind: 'never' },
      unit: 'count',
    },
    {
      name: 'visible-errors',
      says: 'answers with an error status: the status page stays green',
      goal: { kind: 'rate', atMost: 0.05 },
      unit: 'share',
    },
    {
      name: 'last-hour-p99',
      says: 'latency in the last hour of the ramp, p99',
      goal: { kind: 'quantile', q: 0.99, atLeast: 10_000 },
      unit: 'ms',
      declared: '14 s',
    },
  ],
  async run({ rehearse, quick }) {
    const rehearsal = rehearse({ world: worldOf([PRIMARY], RAMPING), config: '{}' });
    const { clock } = rehearsal;
    const start = clock.now();
    const answers: Arrived[] = [];
    let row = 0;
    let failovers = 0;
    for (let at = quick ? start + RAMP - HOUR : start; at < start + RAMP; at += OFF_EVERY) {
      await rehearsal.run(clock.sleep(at - clock.now()));
      const seen = await rehearsal.askDirectly(questionTo(PRIMARY)(answers.length));
      row = seen.status === 200 ? 0 : row + 1;
      if (row === IN_A_ROW) failovers++;
      answers.push({ at, seen });
    }
    const last = answers.filter(({ at }) => at >= start + RAMP - HOUR);
    return {
      failovers: never(failovers, answers.length),
      'visible-errors': {
        kind: 'rate',
        events: answers.filter(({ seen }) => seen.status !== 200).length,
        n: answers.length,
      },
      'last-hour-p99': latencies(last),
    };
  },
};

export const slow = { on, twin, off } as const;
