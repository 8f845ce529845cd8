import { seededRandom } from '#kernel/stats';
import { type Arrived, arrive } from './arrivals.ts';
import { defineDrill, type SceneContext } from './define.ts';
import { CAUSES, FAULTS, type Fault, type Told, trial } from './F21-causes.ts';
import { quietWeek } from './F21-quiet.ts';
import {
  BATCH_EVERY,
  CONFIG,
  contended,
  EVERY,
  FIRST_TOKEN,
  LONG,
  MINUTE,
  MODELS,
  NINE,
  question,
  READING,
  SPAN,
  START,
  worldOf,
} from './F21-world.ts';
import { flat, HOUR, taught } from './F56-week.ts';
import { LEVELS, loadTest, QUEUE } from './load-test.ts';
import { type Measure, never } from './measure.ts';
import type { Rehearsal } from './rehearsal.ts';

const SHARED = { own: { median: 180, sigma: 0.35 }, wait: 200, rate: 0.2, queue: QUEUE } as const;

interface Morning {
  readonly rehearsal: Rehearsal;
  readonly answers: readonly Arrived[];
  /** When the fault begins and ends. */
  readonly from: number;
  readonly to: number;
}

interface Setting {
  readonly timeline?: readonly object[];
  /** Questions at once while it lasts. */
  readonly burst?: number;
  /** Sentences before the question. */
  readonly words?: number;
}

/** From some minutes before nine on; what the week is like is known. */
async function morning(context: SceneContext, setting: Setting = {}): Promise<Morning> {
  const { before, fault, after } = SPAN[context.quick ? 'quick' : 'full'];
  const { timeline = [], burst = 1, words = 0 } = setting;
  const rehearsal = context.rehearse({ world: worldOf(timeline), config: CONFIG });
  const { clock } = rehearsal;
  const random = seededRandom('F21', context.seed);
  rehearsal.climate.restore(taught(random, MODELS, 4.2, START, flat, FIRST_TOKEN).climate);
  await rehearsal.run(clock.sleep(NINE - before * MINUTE));
  const from = START + NINE;
  const to = from + fault * MINUTE;
  const during = () => clock.now() >= from && clock.now() < to;
  const more: Promise<unknown>[] = [];
  const answers = await arrive(rehearsal, {
    every: EVERY,
    span: (before + fault + after) * MINUTE,
    question: (i) => question(i, during() ? words : 0),
    look() {
      if (during()) for (let n = 1; n < burst; n++) more.push(rehearsal.send(question(n)));
    },
  });
  await rehearsal.run(Promise.all(more));
  return { rehearsal, answers, from, to };
}

const recorded = ({ rehearsal }: Morning) => rehearsal.finished.map(({ facts }) => facts);
const isBatch = (i: number): boolean => i % BATCH_EVERY === 0;

const latency = ({ answers, from, to }: Morning): Measure => ({
  kind: 'values',
  values: answers.filter(({ at }, i) => at >= from && at < to && !isBatch(i)).map(({ seen }) => seen.ms),
});

const unserved = ({ answers }: Morning): Measure => {
  const interactive = answers.filter((_, i) => !isBatch(i));
  const failed = interactive.filter(({ seen }) => seen.status !== 200 || seen.broken);
  return never(
    failed.length,
    interactive.length,
    failed.map(({ seen }) => `${seen.status} ${seen.body.slice(0, 200)}`),
  );
};

/** Share of the last minutes that the tier meant for it serves again. */
function home(one: Morning): Measure {
  const last = recorded(one).filter(({ at }) => at >= one.to + 5 * MINUTE);
  return { kind: 'rate', events: last.filter(({ tier }) => tier.served === 'a').length, n: last.length };
}

/** Exchanges that a target which is well was kept from. */
function sentAway(...all: readonly Morning[]): Measure {
  const facts = all.flatMap(recorded);
  const away = facts.filter(
    ({ tier: { demotedBy } }) => demotedBy === 'concurrency' || demotedBy === 'health',
  );
  const refused = facts.filter(({ failure }) => failure?.kind === 'rate_limited');
  return never(away.length + refused.length, facts.length);
}

/** What a load test foretells of such an hour, and what it then measures; queues last for minutes, so one hour alone tells little. */
async function predicted({ quick, seed }: SceneContext): Promise<Record<string, Measure>> {
  const levels = quick ? [] : await loadTest(SHARED, { seeds: [seed], span: 6 * HOUR, held: false });
  return Object.fromEntries(
    LEVELS.map((times, i) => {
      const { predicted, measured } = levels[i] ?? {};
      const values = predicted && measured ? [predicted.p95 / measured.p95] : [];
      return [`predicted-${times}`, { kind: 'values', values }];
    }),
  );
}

async function tried(context: SceneContext) {
  const trials: { readonly fault: Fault; readonly told: Told }[] = [];
  // Whether long prompts were ever seen before decides how the line knows them. Both, and so two hundred trials: of a hundred
  // one wrong would leave open whether it is nineteen in twenty.
  for (const knows of context.quick ? [false] : [false, true])
    for (const fault of context.quick ? (['provider', 'prompts'] as const) : FAULTS)
      trials.push({ fault, told: await trial(context, fault, knows) });
  return trials;
}

export const F21 = defineDrill({
  id: 'F21',
  title: 'Provider weather: slow without an error, whose doing it is, and what is done about it',
  world:
    'At nine on Monday every answer of the first target takes 55 times as long, for twenty minutes, without any error. Its look-alikes: two to four times as many questions of our own, prompts so long that they take three times as long to read, and a network whose round trips became twenty to forty times as long; and once more the first, while hardly anybody asks and probes are on. In the twin nothing is wrong, for a week of office days.',
  seeds: { full: 20, quick: 1 },
  on: {
    expectations: [
      {
        name: 'p95',
        says: 'latency of interactive callers while it lasts, from its first second on, p95',
        goal: { kind: 'quantile', q: 0.95, atMost: 3_000 },
        unit: 'ms',
        declared: '25 s → 3 s',
      },
      {
        name: 'unserved',
        says: 'interactive questions that were not answered',
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'home',
        says: 'questions of the minutes from the fifth after it that the first target answers again',
        goal: { kind: 'rate', atLeast: 0.9 },
        unit: 'share',
        full: true,
      },
      {
        name: 'found',
        says: 'time from the beginning of a fault until it is found, each trial',
        goal: { kind: 'every', atMost: 5 * MINUTE },
        unit: 'ms',
        declared: '≤ 5 min',
      },
      {
        name: 'cause',
        says: 'trials in which the cause was told right when it was found: five a seed, with and without long prompts in the mix',
        goal: { kind: 'rate', atLeast: 0.95 },
        unit: 'share',
        declared: '≥ 95 %',
        full: true,
      },
      {
        name: 'cause-each',
        says: 'the same seed by seed: at most one of its trials wrong, or with nothing found',
        goal: { kind: 'every', atLeast: 0.8 },
        unit: 'share',
      },
      ...LEVELS.map((times) => ({
        name: `predicted-${times}`,
        says: `p95 that is predicted at ${times} × the wait of the hour, for the p95 that the gateway then shows, median of the seeds`,
        goal: { kind: 'quantile' as const, q: 0.5, atLeast: 0.8, atMost: 1.2 },
        unit: 'share' as const,
        declared: '± 20 %',
        full: true as const,
      })),
    ],
    async run(context) {
      const one = await morning(context, { timeline: contended(context) });
      const trials = await tried(context);
      const wrong = trials.filter(({ fault, told }) => told.cause !== CAUSES[fault]);
      return {
        p95: latency(one),
        unserved: unserved(one),
        home: home(one),
        found: { kind: 'values', values: trials.map(({ told }) => told.after) },
        cause: { kind: 'rate', events: trials.length - wrong.length, n: trials.length },
        ...(await predicted(context)),
        'cause-each': { kind: 'values', values: [1 - wrong.length / trials.length] },
      };
    },
  },
  twin: {
    expectations: [
      {
        name: 'sent-away',
        says: 'questions that a target which is well was kept from for its pace, or refused for, in both look-alikes',
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'p95',
        says: 'latency of interactive callers when there are three times as many, p95 (445 ms alone)',
        goal: { kind: 'quantile', q: 0.95, atMost: 500 },
        unit: 'ms',
        full: true,
      },
      {
        name: 'false-alarms',
        says: 'days of quiet weeks on which slowness was found, with 60 to 600 calls an hour (once a week: 0.14)',
        goal: { kind: 'rate', atMost: 1 / 7 },
        unit: 'share',
        declared: '≤ 1 a week',
        full: true,
      },
    ],
    async run(context) {
      const burst = await morning(context, { burst: 3 });
      const prompts = await morning(context, { words: LONG, timeline: [READING] });
      return {
        'sent-away': sentAway(burst, prompts),
        p95: latency(burst),
        'false-alarms': context.quick ? { kind: 'rate', events: 0, n: 0 } : quietWeek(context.seed),
      };
    },
  },
  off: {
    expectations: [
      {
        name: 'p95',
        says: 'latency while it lasts, p95',
        goal: { kind: 'quantile', q: 0.95, atLeast: 20_000 },
        unit: 'ms',
        declared: '25 s',
      },
      {
        name: 'errors',
        says: 'answers that a status page would count as failed',
        goal: { kind: 'never' },
        unit: 'count',
      },
    ],
    async run(context) {
      const rehearsal = context.rehearse({ world: worldOf(contended(context)), config: CONFIG });
      await rehearsal.run(rehearsal.clock.sleep(NINE));
      const asks = Array.from({ length: 240 }, (_, i) => rehearsal.askDirectly(question(i, 0, 'a')));
      const seen = await Promise.all(asks);
      return {
        p95: { kind: 'values', values: seen.map(({ ms }) => ms) },
        errors: never(seen.filter(({ status, broken }) => status !== 200 || broken).length, seen.length),
      };
    },
  },
});
