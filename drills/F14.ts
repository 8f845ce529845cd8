import type { FallbackDrillOrder, FallbackReport } from '#contracts';
import { arrive } from './arrivals.ts';
import { defineDrill, type Scene, type SceneContext } from './define.ts';
import {
  configOf,
  laneOf,
  POOR,
  question,
  RATE,
  type Secondary,
  SOUND,
  served,
  worldOf,
} from './F14-world.ts';
import { type Measure, never } from './measure.ts';
import type { Rehearsal } from './rehearsal.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** As much as a route may be exercised, so that a drill is short. */
const SHARE = 0.05;
const EXERCISES = 500;
const OUTAGE = 3 * MINUTE;
/** Further secondaries a seed: twenty edges alone would leave an interval of 17 points. */
const AGAIN = 3;
const DRILL: FallbackDrillOrder = {
  route: 'chat',
  load: true,
  atPeak: false,
  maxCalls: 10_000,
  maxMicroUsd: 1e9,
  confirmed: true,
};
const KINDS = ['capacity', 'context', 'parity', 'cost'] as const satisfies readonly FallbackReport['kind'][];

const reportsOf = ({ proofs }: Rehearsal): readonly FallbackReport[] => proofs.read()[0]?.reports ?? [];
const exercises = ({ finished }: Rehearsal): number =>
  finished.filter(({ facts }) => facts.source === 'exercise').length;

interface Prepared {
  readonly rehearsal: Rehearsal;
  /** Exercises until each kind was reported; absent where it never was. */
  readonly after: ReadonlyMap<FallbackReport['kind'], number>;
  readonly drilled: boolean;
}

/** A quiet time of traffic at its peak and a drill in its first minutes, until everything is known or 500 exercises have passed. */
async function prepare(
  rehearsal: Rehearsal,
  most: number,
  until: readonly FallbackReport['kind'][],
): Promise<Prepared> {
  const after = new Map<FallbackReport['kind'], number>();
  const look = () => {
    for (const { kind } of reportsOf(rehearsal)) if (!after.has(kind)) after.set(kind, exercises(rehearsal));
  };
  const every = SECOND / RATE.peak;
  await arrive(rehearsal, { every, span: 3 * MINUTE, question, look });
  const drill = await rehearsal.drill(DRILL);
  look();
  let looks = 0;
  await arrive(rehearsal, {
    every,
    span: 10 * 60 * MINUTE,
    question,
    // A reading takes longer than an exchange.
    look: () => (looks++ % 40 === 0 ? look() : undefined),
    enough: () =>
      looks % 40 === 1 &&
      (exercises(rehearsal) >= most || (until.length > 0 && until.every((kind) => after.has(kind)))),
  });
  return { rehearsal, after, drilled: drill.ok && drill.value.results.every(({ good }) => good) };
}

/** Exercises that each of so many secondaries, new and as poor, took until its broken schemas were reported. */
async function again(rehearsal: Rehearsal, times: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (let version = 1; version <= times; version++) {
    rehearsal.reconfigure(configOf(POOR, SHARE, version));
    const before = exercises(rehearsal);
    const known = () => reportsOf(rehearsal).some(({ kind }) => kind === 'parity');
    const asked = () => exercises(rehearsal) - before;
    await arrive(rehearsal, {
      every: SECOND / RATE.peak,
      span: 10 * 60 * MINUTE,
      question,
      enough: () => known() || asked() > EXERCISES,
    });
    found.push(known() ? asked() : Number.POSITIVE_INFINITY);
  }
  return found;
}

/** The first tier is lost at peak. */
async function lose(context: SceneContext, secondary: Secondary, known: Rehearsal) {
  const from = 20 * SECOND;
  const rehearsal = context.rehearse({
    world: worldOf(secondary, { from, to: from + OUTAGE }),
    config: configOf(secondary, SHARE),
  });
  rehearsal.proofs.restore(known.proofs.snapshot());
  const began = rehearsal.clock.now();
  const answers = await arrive(rehearsal, { every: SECOND / RATE.peak, span: from + OUTAGE, question });
  const attempts = rehearsal.finished
    .filter(({ facts }) => facts.source === 'gateway')
    .flatMap(({ facts }) => facts.attempts)
    .filter(({ startedAt }) => startedAt - began >= from)
    .sort((a, b) => a.startedAt + a.timing.total - (b.startedAt + b.timing.total));
  const firstAnswer = attempts.findIndex(({ provider, failure }) => provider === 'second' && !failure);
  const second = attempts.filter(({ provider }) => provider === 'second');
  const urgent = answers
    .map((one, i) => ({ ...one, i }))
    .filter(({ at, i }) => at - began >= from && laneOf(i) === 'interactive');
  return {
    failedFirst: attempts.slice(0, firstAnswer).filter(({ failure }) => failure).length,
    limited: second.filter(({ failure }) => failure?.kind === 'rate_limited').length,
    asked: second.length,
    urgent: urgent.length,
    urgentServed: urgent.filter(({ seen }) => seen.status === 200 && !seen.broken).length,
  };
}

const on: Scene = {
  expectations: [
    ...KINDS.map(
      (kind) =>
        ({
          name: `reported-${kind}`,
          says: `exercises until its ${{ capacity: 'missing capacity', context: 'smaller window', parity: 'broken schemas', cost: 'threefold price' }[kind]} ${kind === 'parity' ? 'are' : 'is'} on the board, before any outage`,
          goal: { kind: 'every', atMost: EXERCISES },
          unit: 'exchanges',
          declared: '500, or one drill',
        }) as const,
    ),
    {
      name: 'recall',
      says: 'secondaries of this kind whose broken schemas are reported within 500 exercises',
      goal: { kind: 'rate', atLeast: 0.95 },
      unit: 'share',
      declared: '500',
      full: true,
    },
    {
      name: 'failed-first',
      says: 'failed attempts until the first answer of the fallback, when the first tier is lost at peak',
      goal: { kind: 'every', atMost: 5 },
      unit: 'attempts',
    },
    {
      name: 'limited',
      says: 'calls to the fallback that it refuses because of its limit',
      goal: { kind: 'rate', atMost: 0.01 },
      unit: 'share',
      full: true,
    },
    {
      name: 'urgent-served',
      says: 'callers in the first lane who are answered, schema or not, by a fallback with 30 % of what is needed',
      goal: { kind: 'rate', atLeast: 0.99 },
      unit: 'share',
      full: true,
    },
  ],
  async run(context) {
    const rehearsal = context.rehearse({ world: worldOf(POOR), config: configOf(POOR, SHARE) });
    const { after } = await prepare(rehearsal, EXERCISES, KINDS);
    const lost = await lose(context, POOR, rehearsal);
    const broken = [after.get('parity') ?? Number.POSITIVE_INFINITY];
    if (!context.quick) broken.push(...(await again(rehearsal, AGAIN)));
    const reported = (kind: FallbackReport['kind']): Measure => ({
      kind: 'values',
      values: [after.get(kind) ?? Number.POSITIVE_INFINITY],
    });
    return {
      'reported-capacity': reported('capacity'),
      'reported-context': reported('context'),
      'reported-parity': reported('parity'),
      'reported-cost': reported('cost'),
      recall: { kind: 'rate', events: broken.filter((n) => n <= EXERCISES).length, n: broken.length },
      'failed-first': { kind: 'values', values: [lost.failedFirst] },
      limited: { kind: 'rate', events: lost.limited, n: lost.asked },
      'urgent-served': { kind: 'rate', events: lost.urgentServed, n: lost.urgent },
    };
  },
};

const twin: Scene = {
  expectations: [
    {
      name: 'reports',
      says: 'kinds of report that a sound fallback draws, of four',
      goal: { kind: 'never' },
      unit: 'count',
    },
    {
      name: 'drill-failed',
      says: 'drills of it that find something',
      goal: { kind: 'never' },
      unit: 'count',
    },
  ],
  async run(context) {
    const rehearsal = context.rehearse({ world: worldOf(SOUND), config: configOf(SOUND, SHARE) });
    const { after, drilled } = await prepare(rehearsal, context.quick ? 60 : EXERCISES, []);
    return {
      reports: never(
        after.size,
        KINDS.length,
        reportsOf(rehearsal).map(({ kind, text }) => `${kind}: ${text}`),
      ),
      'drill-failed': never(drilled ? 0 : 1, 1, [rehearsal.proofs.read()[0]?.load.why ?? '']),
    };
  },
};

const off: Scene = {
  expectations: [
    {
      name: 'green',
      says: 'calls to the first tier that fail until then: nothing that anybody looks at is red',
      goal: { kind: 'never' },
      unit: 'count',
    },
    {
      name: 'storm',
      says: 'calls to the fallback that it refuses because of its limit, when nobody holds anything back',
      goal: { kind: 'rate', atLeast: 0.4 },
      unit: 'share',
    },
    {
      name: 'urgent-lost',
      says: 'callers in the first lane who get no answer then',
      goal: { kind: 'rate', atLeast: 0.3 },
      unit: 'share',
    },
  ],
  async run({ rehearse, quick }) {
    const rehearsal = rehearse({ world: worldOf(POOR), config: configOf(POOR, 0) });
    const n = (quick ? 1 : 3) * 60 * RATE.peak;
    let [limited, urgent, lost, red] = [0, 0, 0, 0];
    const ask = (i: number, model: string) => {
      const one = question(i);
      return rehearsal.askDirectly({ ...one, body: { ...(one.body as object), model } });
    };
    for (let i = 0; i < n; i++) if (!served(await ask(i, 'main'))) red++;
    for (let i = 0; i < n; i++) {
      const seen = await ask(i, 'second');
      if (seen.status === 429) limited++;
      if (laneOf(i) === 'interactive') {
        urgent++;
        if (!served(seen) && seen.status !== 200) lost++;
      }
      await rehearsal.run(rehearsal.clock.sleep(Math.max(0, SECOND / RATE.peak - seen.ms)));
    }
    return {
      green: never(red, n),
      storm: { kind: 'rate', events: limited, n },
      'urgent-lost': { kind: 'rate', events: lost, n: urgent },
    };
  },
};

export const F14 = defineDrill({
  id: 'F14',
  title: 'A fallback proven, not declared',
  world:
    'A secondary with 30 % of the tokens that the first tier needs a minute, 8 % of its tool calls breaking their schema, a window smaller than the largest asks, and three times the price. In quiet times it is exercised and drilled once; then the first tier is lost at peak.',
  seeds: { full: 20, quick: 1 },
  on,
  twin,
  off,
});
