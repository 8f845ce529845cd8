import { seeded, sha256 } from '#kernel';
import { ramp } from '#kernel/ramp';
import { bernoulliCusum } from '#kernel/stats';
import { defineDrill, type Expectation, type Scene, type SceneContext } from './define.ts';
import {
  BROKEN,
  BUCKETS,
  configOf,
  corrupted,
  EASY_FIRST,
  HARD,
  NEW,
  natural,
  OLD,
  OPEN,
  questionOf,
  ROUTE,
  rampOf,
  SOUND,
  stateOf,
  worldOf,
} from './F46-world.ts';
import { type Measure, never, pool } from './measure.ts';
import type { Rehearsal } from './rehearsal.ts';

const values = (list: readonly number[]): Measure => ({ kind: 'values', values: list });

/** Hard questions until the bucket is rolled back, with the new path open to all. */
async function delays({ rehearse, quick }: SceneContext): Promise<readonly number[]> {
  const rehearsal = rehearse({ world: worldOf(true), config: configOf({ stages: OPEN }) });
  const found: number[] = [];
  for (let trial = 0; trial < (quick ? 5 : 10); trial++) {
    let asked = 0;
    while (!stateOf(rehearsal).buckets[HARD]?.rolledBack)
      await rehearsal.ask(questionOf(HARD, `${trial}.${asked++}`));
    found.push(asked);
    rehearsal.ramps.change(ROUTE, 'reset', { bucket: BUCKETS });
  }
  return found;
}

/** Verdicts come so many answers late. */
const LATE = 10;

/** The same where bad answers look like good ones, and only a judge who comes later tells them apart. */
async function judged({ rehearse, quick, seed }: SceneContext): Promise<readonly number[]> {
  const random = seeded(`F46 judge ${seed}`);
  const rehearsal = rehearse({
    world: worldOf(false),
    config: configOf({ stages: OPEN, verdicts: true }),
  });
  const found: number[] = [];
  for (let trial = 0; trial < (quick ? 1 : 5); trial++) {
    let answers = 0;
    const waiting: string[] = [];
    while (!stateOf(rehearsal).buckets[HARD]?.rolledBack) {
      await rehearsal.ask(questionOf(HARD, `judged ${trial}.${answers++}`));
      waiting.push(rehearsal.finished.at(-1)?.facts.id ?? '');
      const [exchange] = waiting.length > LATE ? waiting.splice(0, 1) : [];
      if (exchange) rehearsal.ramps.judge(ROUTE, [{ exchange, good: random() >= BROKEN }]);
    }
    found.push(answers);
    rehearsal.ramps.change(ROUTE, 'reset', { bucket: BUCKETS });
  }
  return found;
}

/** The same in traffic as it comes. */
async function inTheMix(context: SceneContext): Promise<number> {
  const rehearsal = context.rehearse({ world: worldOf(true), config: configOf({ stages: OPEN }) });
  const bucket = natural(context, 'mix');
  let asked = 0;
  while (!stateOf(rehearsal).buckets[HARD]?.rolledBack)
    await rehearsal.ask(questionOf(bucket(), `${asked++}`));
  return asked;
}

interface Climbed {
  /** Hard answers of the new path until the bucket was rolled back, and those of them that were bad. */
  readonly exposed: readonly number[];
  readonly corrupted: readonly number[];
  /** Share of the hard questions on the new path when their bucket opened. */
  readonly before: number;
  /** Buckets that were sound and went back all the same. */
  readonly wrong: number;
  /** Hard questions that reached the new path after it was closed to them. */
  readonly late: number;
}

/** The default: more answers than a broken bucket survives, or it would pass the gate before its test has spoken. */
const MINIMUM = 60;
const QUICK_MINIMUM = 8;
const climbing = ({ quick }: SceneContext): string =>
  configOf({ stages: EASY_FIRST, auto: true, minimum: quick ? QUICK_MINIMUM : MINIMUM });
const AFTER = 50;
/** The climb to the hard bucket once; the bucket is then opened again as after a mend that mended nothing. */
const OPENINGS = { full: 20, quick: 1 } as const;

async function climb(context: SceneContext): Promise<Climbed> {
  const rehearsal = context.rehearse({ world: worldOf(true), config: climbing(context) });
  const bucket = natural(context, 'climb');
  let asked = 0;
  const ask = () => rehearsal.ask(questionOf(bucket(), `${asked++}`));
  while (stateOf(rehearsal).stage < HARD) await ask();
  const before = rampOf(rehearsal).exposure.hard ?? 0;
  const exposed: number[] = [];
  const bad: number[] = [];
  let late = 0;
  for (let i = 0; i < OPENINGS[context.quick ? 'quick' : 'full']; i++) {
    const from = rehearsal.finished.length;
    while (!stateOf(rehearsal).buckets[HARD]?.rolledBack) await ask();
    exposed.push(stateOf(rehearsal).buckets[HARD]?.n ?? 0);
    bad.push(corrupted(rehearsal, from));
    const crossed = rehearsal.crossings.length;
    for (let j = 0; j < AFTER; j++) await rehearsal.ask(questionOf(HARD, `${i} after ${j}`));
    late += rehearsal.crossings.slice(crossed).filter(({ model }) => model === NEW).length;
    rehearsal.ramps.change(ROUTE, 'reset', { bucket: BUCKETS });
  }
  const wrong = rampOf(rehearsal).buckets.filter(({ rolledBack }) => rolledBack).length;
  return { exposed, corrupted: bad, before, wrong, late };
}

const on: Scene = {
  expectations: [
    {
      name: 'found-median',
      says: 'hard answers of the new path until their bucket is rolled back, median',
      goal: { kind: 'quantile', q: 0.5, atMost: 22 },
      unit: 'exchanges',
      declared: '22',
      full: true,
    },
    {
      name: 'found-p95',
      says: 'the same, p95',
      goal: { kind: 'quantile', q: 0.95, atMost: 38 },
      unit: 'exchanges',
      declared: '38',
      full: true,
    },
    {
      name: 'judged-median',
      says: `the same where bad answers look like good ones and a judge tells ${LATE} answers later, median`,
      goal: { kind: 'quantile', q: 0.5, atMost: 22 + LATE },
      unit: 'exchanges',
      full: true,
    },
    {
      name: 'mix-median',
      says: 'exchanges of all kinds until then in the natural mix, median',
      goal: { kind: 'quantile', q: 0.5, atMost: 440 },
      unit: 'exchanges',
      declared: '440',
      full: true,
    },
    {
      name: 'ramp-exposed',
      says: 'easy first: hard answers of the new path before it stops, p95',
      goal: { kind: 'quantile', q: 0.95, atMost: 40 },
      unit: 'exchanges',
      declared: '40',
      full: true,
    },
    {
      name: 'ramp-corrupted',
      says: 'of these bad, median',
      goal: { kind: 'quantile', q: 0.5, atMost: 7 },
      unit: 'exchanges',
      declared: '7',
      full: true,
    },
    {
      name: 'ramp-hard-before',
      says: 'share of the hard questions on the new path while four easier buckets climb',
      goal: { kind: 'every', atMost: 0 },
      unit: 'share',
    },
    {
      name: 'ramp-late',
      says: 'hard questions that reach the new path after it was closed to them',
      goal: { kind: 'never' },
      unit: 'count',
    },
    {
      name: 'ramp-wrong',
      says: 'sound buckets that went back with it',
      goal: { kind: 'rate', atMost: 0.05 },
      unit: 'share',
      full: true,
    },
  ] satisfies readonly Expectation[],
  async run(context) {
    const found = values(await delays(context));
    const climbed = await climb(context);
    const openings = climbed.exposed.length;
    return {
      'found-median': found,
      'found-p95': found,
      'judged-median': values(await judged(context)),
      'mix-median': values(context.quick ? [] : [await inTheMix(context)]),
      'ramp-exposed': values(climbed.exposed),
      'ramp-corrupted': values(climbed.corrupted),
      'ramp-hard-before': values([climbed.before]),
      'ramp-late': never(climbed.late, openings * AFTER),
      'ramp-wrong': { kind: 'rate', events: climbed.wrong, n: BUCKETS - 1 },
    };
  },
};

/** Answers a sound bucket lives through before its evidence is begun anew. */
const FIELD = 60;

/** Answers in the budget of the catalogue, and buckets a seed that live through them: enough to tell 0.1 % from 0.4 %. */
const LONG = 2_500;
const STREAMS = 300;

/** Of a bucket's test alone at exactly the old path's rate, the worst of the sound ones. */
function alone(seed: number, streams: number): Measure {
  const random = seeded(`F46 sound ${seed}`);
  const one = ramp({ name: ROUTE, stages: [[1]], minimum: 1, harm: 1e9, baseline: [SOUND] });
  let events = 0;
  for (let stream = 0; stream < streams; stream++) {
    let state = one.start(0);
    for (let i = 0; i < LONG && !state.buckets[0]?.rolledBack; i++)
      state = one.outcome(state, { at: i, bucket: 0, path: 'new', bad: random() < SOUND });
    if (state.buckets[0]?.rolledBack) events++;
  }
  return { kind: 'rate', events, n: streams };
}

/** A bucket that alarms is opened again by the reset that follows. */
async function alarms(context: SceneContext): Promise<Measure> {
  const rehearsal = context.rehearse({ world: worldOf(false), config: configOf({ stages: OPEN }) });
  const rounds = context.quick ? 0 : 10;
  let events = 0;
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < FIELD; i++)
      for (let b = 0; b < BUCKETS; b++) await rehearsal.ask(questionOf(b, `${round}.${i}.${b}`));
    events += rampOf(rehearsal).buckets.filter(({ rolledBack }) => rolledBack).length;
    rehearsal.ramps.change(ROUTE, 'reset', {});
  }
  return { kind: 'rate', events, n: rounds * BUCKETS };
}

const MOST_ASKED = 20_000;

/** The last stage has its data, or some bucket went back. */
const over = ({ stage, buckets }: ReturnType<typeof stateOf>, minimum: number): boolean =>
  buckets.some(({ rolledBack }) => rolledBack) ||
  (stage === EASY_FIRST.length - 1 && buckets.every(({ stageN }) => stageN >= minimum));

async function arrives(context: SceneContext): Promise<Rehearsal> {
  const rehearsal = context.rehearse({ world: worldOf(false), config: climbing(context) });
  const bucket = natural(context, 'sound climb');
  for (let i = 0; i < MOST_ASKED && !over(stateOf(rehearsal), context.quick ? QUICK_MINIMUM : MINIMUM); i++)
    await rehearsal.ask(questionOf(bucket(), `${i}`));
  return rehearsal;
}

const twin: Scene = {
  expectations: [
    {
      name: 'false-alarms',
      says: `sound buckets rolled back within ${FIELD} answers`,
      goal: { kind: 'rate', atMost: 0.01 },
      unit: 'share',
      full: true,
    },
    {
      name: 'false-alarm-rate',
      says: `of their tests at exactly the old path's rate, those that alarm within ${LONG} answers`,
      goal: { kind: 'rate', atMost: 0.004 },
      unit: 'share',
      declared: '0.4 %',
      full: true,
    },
    {
      name: 'arrived',
      says: 'ramps of a sound path that reach their last stage with everybody on the new path',
      goal: { kind: 'rate', atLeast: 0.8 },
      unit: 'share',
      full: true,
    },
    {
      name: 'arrived-whole',
      says: 'buckets without data in a ramp that arrived',
      goal: { kind: 'never' },
      unit: 'count',
    },
  ],
  async run(context) {
    const ramp = rampOf(await arrives(context));
    const done = ramp.phase === 'done';
    return {
      'false-alarms': await alarms(context),
      'false-alarm-rate': alone(context.seed, context.quick ? 0 : STREAMS),
      arrived: { kind: 'rate', events: done ? 1 : 0, n: 1 },
      'arrived-whole': never(
        done ? ramp.buckets.filter(({ stageN }) => stageN < ramp.minimum).length : 0,
        BUCKETS,
      ),
    };
  },
};

/** What a reader of the answer sees, and no dashboard does. */
const refused = (body: string): boolean =>
  (JSON.parse(body) as { choices: { message: { refusal?: unknown } }[] }).choices.some(
    ({ message }) => typeof message.refusal === 'string',
  );

/** Percentages of users on the way to half of them, and questions in each stage: a route of low volume. */
const BY_USER = [1, 5, 25];
const STAGE = 1_500;
/** What one looks for who knows only the mean: 2 % that become 3.4 %. False alarms of 2 % in 50,000 answers. */
const AGGREGATE = { p0: SOUND, p1: 0.95 * SOUND + 0.05 * BROKEN, h: 10 } as const;

const off: Scene = {
  expectations: [
    {
      name: 'half-without-alarm',
      says: 'ramps over users that come to half of them without a word from an aggregate of the new path',
      goal: { kind: 'rate', atLeast: 0.9 },
      unit: 'share',
      full: true,
    },
    {
      name: 'aggregate-median',
      says: 'answers of the new path until that aggregate alarms, median',
      goal: { kind: 'quantile', q: 0.5, atLeast: 1_600, atMost: 2_600 },
      unit: 'exchanges',
      declared: '2,078',
      full: true,
    },
    {
      name: 'aggregate-p95',
      says: 'the same, p95',
      goal: { kind: 'quantile', q: 0.95, atLeast: 2_900 },
      unit: 'exchanges',
      declared: '3,933',
      full: true,
    },
    {
      name: 'aggregate-corrupted',
      says: 'bad answers to hard questions until then, median',
      goal: { kind: 'quantile', q: 0.5, atLeast: 22 },
      unit: 'exchanges',
      declared: '31',
      full: true,
    },
    {
      name: 'http-errors',
      says: 'of all these, what HTTP status and latency show',
      goal: { kind: 'never' },
      unit: 'count',
    },
  ],
  async run(context) {
    const rehearsal = context.rehearse({ world: worldOf(true), config: '{}' });
    const all: Awaited<ReturnType<typeof byUser>>[] = [];
    for (let w = 0; w < (context.quick ? 1 : ROLLOUTS); w++) all.push(await byUser(context, rehearsal, w));
    return {
      'half-without-alarm': { kind: 'rate', events: all.filter(({ quiet }) => quiet).length, n: all.length },
      'aggregate-median': values(all.map(({ onNew }) => onNew)),
      'aggregate-p95': values(all.map(({ onNew }) => onNew)),
      'aggregate-corrupted': values(all.map(({ corrupted }) => corrupted)),
      'http-errors': all.map(({ errors }) => errors).reduce(pool),
    };
  },
};

/** Ramps over users a seed. */
const ROLLOUTS = 4;

/** The application decides by a hash of its users, and an aggregate of the new path's answers is the only watch. */
async function byUser(context: SceneContext, rehearsal: Rehearsal, world: number) {
  const bucket = natural(context, `users ${world}`);
  const random = seeded(`F46 names ${world} ${context.seed}`);
  const whole = bernoulliCusum(AGGREGATE);
  let state = whole.start;
  let asked = 0;
  let failed = 0;
  let onNew = 0;
  let corrupted = 0;
  const alarmed = () => whole.read(state).alarm;
  const ask = async (percent: number) => {
    const user = `user ${Math.floor(random() * 10_000)}`;
    const to = Number.parseInt(sha256(user).slice(0, 8), 16) / 2 ** 32 < percent / 100 ? NEW : OLD;
    const b = bucket();
    const { status, body } = await rehearsal.askDirectly(questionOf(b, user, to));
    asked++;
    if (status !== 200) failed++;
    if (to === OLD) return;
    const bad = refused(body);
    onNew++;
    if (bad && b === HARD) corrupted++;
    state = whole.step(state, bad ? 1 : 0);
  };
  const stage = context.quick ? 20 : STAGE;
  for (const percent of BY_USER) for (let i = 0; i < stage && !alarmed(); i++) await ask(percent);
  const quiet = !alarmed();
  while (!context.quick && !alarmed()) await ask(50);
  return { quiet, onNew, corrupted, errors: never(failed, asked) };
}

export const F46 = defineDrill({
  id: 'F46',
  title: 'A ramp by difficulty',
  world:
    'A new path that is sound for easy questions and fails three of ten hard ones, which are one in twenty. A ramp over users averages that away; a ramp over difficulty meets it in a bucket of its own.',
  seeds: { full: 20, quick: 2 },
  on,
  twin,
  off,
});
