import { isGood } from '#contracts';
import { seeded } from '#kernel';
import { arrive } from './arrivals.ts';
import type { Expectation, Scene, SceneContext } from './define.ts';
import { unserved } from './F41-slow.ts';
import { MINUTE, questionTo, SPARE, seasoned, standingOf, worldOf } from './F41-world.ts';
import { type Measure, never, pool } from './measure.ts';
import type { Rehearsal } from './rehearsal.ts';

const PRIMARY = 'main';
/** Silence is noticed after so long. */
const SETTINGS = { timeouts: { headers: '5s', firstToken: '5s' } };

interface Outage {
  readonly fault: string;
  readonly with?: object;
  /** Milliseconds between two questions. */
  readonly every: number;
  readonly down: number;
}

/** Milliseconds between questions where a burst can be told from chance. */
const FAST = 100;
/** Refused, torn and silent; from ten questions a second to one. */
const OUTAGES: readonly Outage[] = [
  { fault: 'status', with: { code: 503 }, every: FAST, down: MINUTE },
  { fault: 'reset', every: 500, down: MINUTE },
  { fault: 'silence', every: 500, down: MINUTE },
  { fault: 'status', with: { code: 503 }, every: 1_000, down: MINUTE },
  { fault: 'silence', every: 1_000, down: MINUTE },
];
/** So few questions that each probe has to be one of them. */
const QUIET: readonly Outage[] = [
  { fault: 'status', with: { code: 503 }, every: MINUTE, down: MINUTE },
  { fault: 'status', with: { code: 503 }, every: MINUTE, down: 10 * MINUTE },
];
const BEFORE = 20_000;
const AFTER = 95_000;
const PROMISE = 30_000;

interface Lived {
  readonly rehearsal: Rehearsal;
  readonly answers: Awaited<ReturnType<typeof arrive>>;
  readonly from: number;
  readonly to: number;
  /** Milliseconds from recovery until the first good answer, with which ordinary traffic begins; infinite without one. */
  readonly closed: number;
  /** The same until all traffic may come again. */
  readonly whole: number;
  /** When it was seen ejected for the first time. */
  readonly ejected: number;
}

async function live(context: SceneContext, outage: Outage, index: number): Promise<Lived> {
  const random = seeded(`F41 outage ${context.seed} ${index}`);
  const { fault, every, down } = outage;
  const begins = Math.max(BEFORE, every) + Math.floor(random() * Math.min(10_000, every));
  const rehearsal = await seasoned(
    context,
    [PRIMARY],
    [{ fault, ...(outage.with && { with: outage.with }), from: begins, to: begins + down }],
    SETTINGS,
  );
  const { clock } = rehearsal;
  const from = clock.now() + begins;
  const to = from + down;
  let ejected = Number.POSITIVE_INFINITY;
  let whole = Number.POSITIVE_INFINITY;
  const span = begins + down + (every >= MINUTE ? Math.max(5 * MINUTE, down) : AFTER);
  const look = () => {
    const now = clock.now();
    const standing = standingOf(rehearsal, PRIMARY);
    const out = standing?.circuit === 'open' || standing?.circuit === 'probing';
    if (out) ejected = Math.min(ejected, now);
    if (now >= to && !out && standing?.share === 1) whole = Math.min(whole, now - to);
  };
  const answers = await arrive(rehearsal, { every, span, question: questionTo(PRIMARY), look });
  const good = rehearsal.finished
    .flatMap(({ facts }) => facts.attempts)
    .filter((a) => a.model === PRIMARY && isGood(a.outcome) && a.startedAt >= from)
    .map((a) => a.startedAt + a.timing.total);
  const closed = Math.min(...good) - to;
  return { rehearsal, answers, from, to, closed, whole, ejected };
}

const toPrimary = ({ rehearsal }: Lived, from: number, to: number): number =>
  rehearsal.crossings.filter(({ model, at }) => model === PRIMARY && at >= from && at < to).length;

/** Of the traffic in the ten seconds after the first good answer, what the provider got that had just come back. */
function burst(lived: Lived): number {
  const from = lived.to + lived.closed;
  const asked = lived.answers.filter(({ at }) => at >= from && at < from + 10_000).length;
  return toPrimary(lived, from, from + 10_000) / asked;
}

/** Most calls within one second after it was ejected and before it was well. */
function busiest(lived: Lived): number {
  let most = 0;
  for (let at = lived.ejected; at < lived.to; at += 1_000)
    most = Math.max(most, toPrimary(lived, at, at + 1_000));
  return most;
}

const expectations: readonly Expectation[] = [
  {
    name: 'outage-unserved',
    says: 'questions that were not answered before, during and after 60 s of refusals, resets or silence',
    goal: { kind: 'never' },
    unit: 'count',
  },
  {
    name: 'outage-probes',
    says: 'calls to the ejected provider in one second while it is down, most of each outage',
    goal: { kind: 'every', atMost: 1 },
    unit: 'attempts',
  },
  {
    name: 'outage-calls',
    says: 'calls to it after its ejection while it is down, each outage',
    goal: { kind: 'every', atMost: 8 },
    unit: 'attempts',
  },
  {
    name: 'outage-closed',
    says: 'from recovery to the good answer that closes the circuit, each outage of 60 s',
    goal: { kind: 'every', atMost: PROMISE },
    unit: 'ms',
    declared: '30 s',
  },
  {
    name: 'outage-burst',
    says: 'share of the traffic that it gets in the ten seconds after that answer, each outage at ten questions a second',
    goal: { kind: 'every', atMost: 0.35 },
    unit: 'share',
    declared: '10 % rising to 23 %',
  },
  {
    name: 'outage-whole',
    says: 'from recovery to all of its traffic, each outage of 60 s',
    goal: { kind: 'every', atMost: PROMISE + MINUTE + 1_000 },
    unit: 'ms',
    declared: '30 s and a ramp of 60 s',
  },
  {
    name: 'quiet-unserved',
    says: 'questions that were not answered at one a minute, down for 60 s and for 10 min',
    goal: { kind: 'never' },
    unit: 'count',
  },
  {
    name: 'quiet-closed',
    says: 'from recovery to the first good answer at one question a minute, each outage',
    goal: { kind: 'every', atMost: 0.4 * 10 * MINUTE * 1.1 + MINUTE },
    unit: 'ms',
    declared: 'next probe after at most 0.4 of the outage, and a minute until somebody asks',
  },
];

const on: Scene = {
  expectations,
  async run(context) {
    const outages = context.quick ? [OUTAGES[0]!, OUTAGES[4]!] : OUTAGES;
    const all: Lived[] = [];
    for (const [i, outage] of outages.entries()) all.push(await live(context, outage, i));
    const quiet: Lived[] = [];
    for (const [i, outage] of QUIET.entries()) quiet.push(await live(context, outage, 100 + i));
    const each = (of: (lived: Lived) => number, lived: readonly Lived[] = all): Measure => ({
      kind: 'values',
      values: lived.map(of),
    });
    return {
      'outage-unserved': all.map(({ answers }) => unserved(answers)).reduce(pool),
      'outage-probes': each(busiest),
      'outage-calls': each((lived) => toPrimary(lived, lived.ejected, lived.to)),
      'outage-closed': each(({ closed }) => closed),
      'outage-burst': each(
        burst,
        all.filter((_, i) => outages[i]?.every === FAST),
      ),
      'outage-whole': each(({ whole }) => whole),
      'quiet-unserved': quiet.map(({ answers }) => unserved(answers)).reduce(pool),
      'quiet-closed': each(({ closed }) => closed, quiet),
    };
  },
};

const twin: Scene = {
  expectations: [
    {
      name: 'ejections',
      says: 'looks at a circuit that is not closed while nothing is down',
      goal: { kind: 'never' },
      unit: 'count',
    },
    {
      name: 'detours',
      says: 'calls to the spare while nothing is down',
      goal: { kind: 'rate', atMost: 0.005 },
      unit: 'share',
    },
  ],
  async run(context) {
    const rehearsal = await seasoned(context, [PRIMARY], [], SETTINGS);
    let looks = 0;
    let open = 0;
    await arrive(rehearsal, {
      every: FAST,
      span: MINUTE,
      question: questionTo(PRIMARY),
      look() {
        looks++;
        if (standingOf(rehearsal, PRIMARY)?.circuit !== 'closed') open++;
      },
    });
    const { crossings } = rehearsal;
    return {
      ejections: never(open, looks),
      detours: {
        kind: 'rate',
        events: crossings.filter(({ model }) => model === SPARE).length,
        n: crossings.length,
      },
    };
  },
};

const off: Scene = {
  expectations: [
    {
      name: 'outage-first-tries',
      says: 'questions of an outage that try the dead provider first when nobody keeps health',
      goal: { kind: 'rate', atLeast: 0.99 },
      unit: 'share',
    },
    {
      name: 'outage-errors',
      says: 'errors of those who have no fallback either',
      goal: { kind: 'rate', atLeast: 0.99 },
      unit: 'share',
    },
  ],
  async run({ rehearse, quick }) {
    const { fault, with: params } = OUTAGES[0]!;
    const rehearsal = rehearse({
      world: worldOf([PRIMARY], [{ fault, with: params ?? {} }]),
      config: '{}',
    });
    const asks = quick ? 60 : 200;
    let failed = 0;
    for (let i = 0; i < asks; i++) {
      const first = await rehearsal.askDirectly(questionTo(PRIMARY)(i));
      if (first.status === 200) continue;
      failed++;
      await rehearsal.askDirectly(questionTo(SPARE)(i));
    }
    const tried = rehearsal.simulator.ledger().models[PRIMARY]?.requests ?? 0;
    return {
      'outage-first-tries': { kind: 'rate', events: tried, n: asks },
      'outage-errors': { kind: 'rate', events: failed, n: asks },
    };
  },
};

export const outage = { on, twin, off } as const;
