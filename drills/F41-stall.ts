import type { Attempt, Finished } from '#contracts';
import { type Arrived, arrive } from './arrivals.ts';
import type { Expectation, Scene, SceneContext } from './define.ts';
import { MINUTE } from './F41-world.ts';
import { type Measure, never } from './measure.ts';
import type { Question } from './rehearsal.ts';

/** Two ways to answer whole in spite of it: another goes on with what was said, or says all before anything is said. */
const ROUTES = {
  taken: { takeover: { by: 'restart', share: 0.2 } },
  whole: { buffer: 'whole' },
} as const;
type Way = keyof typeof ROUTES;
const WAYS = Object.keys(ROUTES) as Way[];
const SPARE = 'spare';
const FACTOR = 5;
/** Of the streams. Rare enough that health stays healthy: nothing else would find them. */
const STALLED = { full: 0.01, quick: 0.1 } as const;
/** The product's own `timeouts.idle`. */
const IDLE = 30_000;

/** p99 of the silences between tokens is 40 ms × e^(2.33 · 0.5) = 128 ms. */
const LAW = {
  firstToken: { median: 300, sigma: 0.3 },
  gap: { median: 40, sigma: 0.5 },
  tokens: { median: 60 },
};

const worldOf = (stalls: number): string =>
  JSON.stringify({
    models: Object.fromEntries([...WAYS, SPARE].map((model) => [model, LAW])),
    timeline:
      stalls > 0
        ? WAYS.map((model) => ({
            fault: 'stall',
            with: { after: 12 },
            on: { model },
            probability: stalls,
            // The streams before tell what is usual.
            from: WARM,
          }))
        : [],
  });

const configOf = (stall: boolean): string =>
  JSON.stringify({
    providers: { sim: { kind: 'simulator', free: true } },
    routes: Object.fromEntries(
      WAYS.map((way) => [
        way,
        {
          match: { model: way },
          ...ROUTES[way],
          ...(stall && { timeouts: { stall: FACTOR } }),
          tiers: [way, SPARE].map((model, i) => ({
            name: i === 0 ? 'primary' : 'fallback',
            targets: [{ provider: 'sim', model }],
          })),
        },
      ]),
    ),
  });

const WARM = 2 * MINUTE;
const EVERY = 2_000;
const SPAN = { full: 30 * MINUTE, quick: 2 * MINUTE } as const;
const SAID = 'keep the light and watch by night '.repeat(8);

const questionTo =
  (model: Way) =>
  (i: number): Question => ({
    path: '/v1/chat/completions',
    body: { model, stream: true, messages: [{ role: 'user', content: `echo: ${i} ${SAID}` }] },
  });

interface Lived {
  readonly arrived: readonly Arrived[];
  readonly finished: readonly Finished[];
}

async function live(context: SceneContext, way: Way, stalls: boolean, stall: boolean): Promise<Lived> {
  const size = context.quick ? 'quick' : 'full';
  const world = worldOf(stalls ? STALLED[size] : 0);
  const rehearsal = context.rehearse({ world, config: configOf(stall) });
  const span = WARM + SPAN[size];
  const arrived = await arrive(rehearsal, { every: EVERY, span, question: questionTo(way) });
  return { arrived, finished: rehearsal.finished };
}

/** Exchanges of which a try was given up for a silence. */
const givenUp = ({ finished }: Lived): readonly Finished[] =>
  finished.filter(({ facts }) => facts.attempts.some(({ outcome }) => outcome === 'stalled'));

/** From the first token of a stream that stalls, a dozen of which come, until it is given up. */
const waits = (lived: Lived): Measure => ({
  kind: 'values',
  values: givenUp(lived).map(({ facts: { attempts } }) => {
    const { total, firstToken = 0 } = (attempts[0] as Attempt).timing;
    return total - firstToken;
  }),
});

const unserved = ({ arrived }: Lived): Measure => {
  const failed = arrived.filter(({ seen }) => seen.status !== 200 || seen.broken);
  return never(
    failed.length,
    arrived.length,
    failed.map(({ seen }) => seen.body.slice(-200)),
  );
};

const ENDS: Readonly<Record<Way, string>> = {
  taken: 'finished by another',
  whole: 'answered by another before anything was sent',
};

const limits = WAYS.flatMap((way): Expectation[] => [
  {
    name: `stall-${way}`,
    says: `a stream that stalls after a dozen tokens, from the first of them until it is given up and ${ENDS[way]}, p95`,
    goal: { kind: 'quantile', q: 0.95, atMost: 2_000 },
    unit: 'ms',
    declared: '5 × the p99 of its gaps, at least 1 s',
    full: true,
  },
  {
    name: `stall-${way}-unserved`,
    says: `streams that did not reach their end, where one that stalls is ${ENDS[way]}`,
    goal: { kind: 'never' },
    unit: 'count',
  },
]);

const on: Scene = {
  expectations: limits,
  async run(context) {
    const measures: Record<string, Measure> = {};
    for (const way of WAYS) {
      const lived = await live(context, way, true, true);
      measures[`stall-${way}`] = waits(lived);
      measures[`stall-${way}-unserved`] = unserved(lived);
    }
    return measures;
  },
};

const twin: Scene = {
  expectations: [
    {
      name: 'stall-false',
      says: 'sound streams that are given up for a silence',
      goal: { kind: 'rate', atMost: 0.005 },
      unit: 'share',
      full: true,
    },
  ],
  async run(context) {
    let [events, n] = [0, 0];
    for (const way of WAYS) {
      const lived = await live(context, way, false, true);
      events += givenUp(lived).length;
      n += lived.finished.length;
    }
    return { 'stall-false': { kind: 'rate', events, n } };
  },
};

const off: Scene = {
  expectations: [
    {
      name: 'stall-silence',
      says: 'a stream that stalls, until it is given up where only `timeouts.idle` ends it, each',
      goal: { kind: 'every', atLeast: IDLE },
      unit: 'ms',
    },
  ],
  run: async (context) => ({ 'stall-silence': waits(await live(context, 'taken', true, false)) }),
};

export const stall = { on, twin, off } as const;
