import { defineDrill, type Expectation, type Scene, type SceneContext } from './define.ts';
import {
  ACTUAL,
  CALIBRATED,
  CHEAP,
  crowd,
  DEAR,
  IDLE,
  PRICES,
  routerOf,
  served,
  TASKS,
  verdictOf,
  WORLD,
} from './F34-world.ts';
import { type Measure, never } from './measure.ts';

const values = (list: readonly number[]): Measure => ({ kind: 'values', values: list });

/** Tasks in which an escalation that is not as planned must be found. */
const SOON = 200;

/** Routers a seed; with twenty seeds more than the fifty of the catalogue. */
const WORLDS = { full: 3, quick: 1 } as const;

async function loser(context: SceneContext, world: number) {
  const { rehearsal, task } = served(context, `actual ${world}`, ACTUAL);
  const most = context.quick ? SOON : TASKS;
  let foundAt = Number.POSITIVE_INFINITY;
  /** Beyond the plan where it stays undecided. */
  let decidedAt = TASKS + 1;
  for (let i = 1; i <= most && verdictOf(rehearsal) === 'undecided'; i++) {
    await task();
    if (foundAt > i && i <= SOON && routerOf(rehearsal).escalation.finding) foundAt = i;
    if (verdictOf(rehearsal) !== 'undecided') decidedAt = i;
  }
  const { router, frontier, saved = 0, onPaper = 0 } = routerOf(rehearsal);
  return {
    verdict: verdictOf(rehearsal),
    foundAt,
    decidedAt,
    volume: router.exchanges / router.tasks,
    repeated: frontier.exchanges - frontier.tasks,
    frontier: frontier.tasks,
    saved,
    onPaper,
  };
}

const on: Scene = {
  expectations: [
    {
      name: 'loses',
      says: `routers that cost 12 % more and are called losing within ${TASKS} tasks at a holdback of 10 %`,
      goal: { kind: 'rate', atLeast: 0.75 },
      unit: 'share',
      full: true,
    },
    {
      name: 'loses-median',
      says: 'tasks until then, median',
      goal: { kind: 'quantile', q: 0.5, atMost: TASKS },
      unit: 'count',
      declared: '5,000',
      full: true,
    },
    {
      name: 'never-saves',
      says: 'of these called saving',
      goal: { kind: 'never' },
      unit: 'count',
    },
    {
      name: 'escalation-found',
      says: 'tasks until 60 % instead of 30 % at the dear model is a finding, each router',
      goal: { kind: 'every', atMost: SOON },
      unit: 'count',
      declared: '200',
    },
    {
      name: 'volume',
      says: 'calls a task with the router, linked to one another, median',
      goal: { kind: 'quantile', q: 0.5, atLeast: 1.65, atMost: 1.85 },
      unit: 'share',
      declared: '175 %',
      full: true,
    },
    {
      name: 'mislinked',
      says: 'calls of the holdback, where nobody asks twice, that are taken for a repeat',
      goal: { kind: 'never' },
      unit: 'count',
    },
    {
      name: 'dearer',
      says: 'cost of a solved task above that of the holdback at the verdict, median',
      goal: { kind: 'quantile', q: 0.5, atLeast: 0.05, atMost: 0.25 },
      unit: 'share',
      declared: '12 %',
      full: true,
    },
    {
      name: 'on-paper',
      says: 'what the same router seems to save by its own first calls, median',
      goal: { kind: 'quantile', q: 0.5, atLeast: 0.25 },
      unit: 'share',
      declared: '36 %',
      full: true,
    },
  ] satisfies readonly Expectation[],
  async run(context) {
    const all: Awaited<ReturnType<typeof loser>>[] = [];
    for (let w = 0; w < WORLDS[context.quick ? 'quick' : 'full']; w++) all.push(await loser(context, w));
    const each = (of: (one: (typeof all)[number]) => number) => values(all.map(of));
    const called = (verdict: string) => all.filter((one) => one.verdict === verdict).length;
    const total = (of: (one: (typeof all)[number]) => number) => all.reduce((sum, one) => sum + of(one), 0);
    return {
      loses: { kind: 'rate', events: called('loses'), n: all.length },
      'loses-median': each(({ decidedAt }) => decidedAt),
      'never-saves': never(called('saves'), all.length),
      'escalation-found': each(({ foundAt }) => foundAt),
      volume: each(({ volume }) => volume),
      mislinked: never(
        total(({ repeated }) => repeated),
        total(({ frontier }) => frontier),
      ),
      dearer: each(({ saved }) => -saved),
      'on-paper': each(({ onPaper }) => onPaper),
    };
  },
};

/** Books that are final sooner, with the same ten looks. */
const SHORT = { tasks: 1_000 };

const twin: Scene = {
  expectations: [
    {
      name: 'calibrated-loses',
      says: 'calibrated routers called losing',
      goal: { kind: 'never' },
      unit: 'count',
    },
    {
      name: 'calibrated-found',
      says: 'findings about their escalation',
      goal: { kind: 'never' },
      unit: 'count',
    },
    {
      name: 'calibrated-saves',
      says: 'tasks until they are called saving, each',
      goal: { kind: 'every', atMost: SHORT.tasks },
      unit: 'count',
    },
    {
      name: 'idle-decided',
      says: 'routers that change nothing and are called saving or losing all the same',
      goal: { kind: 'rate', atMost: 0.25 },
      unit: 'share',
      declared: '5 %',
      full: true,
    },
  ],
  async run(context) {
    const worlds = WORLDS[context.quick ? 'quick' : 'full'];
    const decided: number[] = [];
    let loses = 0;
    let findings = 0;
    for (let w = 0; w < worlds; w++) {
      const { rehearsal, task } = served(context, `calibrated ${w}`, CALIBRATED, SHORT);
      let tasks = 0;
      while (tasks < SHORT.tasks && verdictOf(rehearsal) === 'undecided') {
        await task();
        tasks++;
      }
      const verdict = verdictOf(rehearsal);
      decided.push(verdict === 'saves' ? tasks : Number.POSITIVE_INFINITY);
      if (verdict === 'loses') loses++;
      if (routerOf(rehearsal).escalation.finding) findings++;
    }
    return {
      'calibrated-loses': never(loses, worlds),
      'calibrated-found': never(findings, worlds),
      'calibrated-saves': values(decided),
      'idle-decided': { kind: 'rate', events: context.quick ? 0 : await idle(context), n: 1 },
    };
  },
};

async function idle(context: SceneContext): Promise<number> {
  const { rehearsal, task } = served(context, 'idle', IDLE, { ...SHORT, expectedEscalation: 1 });
  for (let i = 0; i < SHORT.tasks + SOON; i++) await task();
  return verdictOf(rehearsal) === 'undecided' ? 0 : 1;
}

const off: Scene = {
  expectations: [
    {
      name: 'paper-saving',
      says: 'saving that the telemetry of the router itself shows: mean price of a call against the dear model, median',
      goal: { kind: 'quantile', q: 0.5, atLeast: 0.25 },
      unit: 'share',
      declared: '36 %',
    },
    {
      name: 'bill',
      says: 'what a task really costs above the dear model alone, median',
      goal: { kind: 'quantile', q: 0.5, atLeast: 0.03 },
      unit: 'share',
      declared: '12 %',
      full: true,
    },
    {
      name: 'http-errors',
      says: 'calls on which an error or a slow answer could be seen',
      goal: { kind: 'never' },
      unit: 'count',
    },
  ],
  async run(context) {
    const rehearsal = context.rehearse({ world: WORLD, config: '{}' });
    let calls = 0;
    let errors = 0;
    const ask = async ({ body, ...question }: Parameters<typeof rehearsal.ask>[0], hard: boolean) => {
      const model = hard ? DEAR : CHEAP;
      calls++;
      const { status } = await rehearsal.askDirectly({ ...question, body: { ...(body as object), model } });
      if (status !== 200) errors++;
      return model;
    };
    const wait = (ms: number) => rehearsal.run(rehearsal.clock.sleep(ms));
    const { task } = crowd(context, 'off', ACTUAL, ask, wait);
    const tasks = context.quick ? 100 : 1_000;
    for (let i = 0; i < tasks; i++) await task();
    const { models } = rehearsal.simulator.ledger();
    const tokens = (model: string) => models[model]?.tokens.input ?? 0;
    const spent = tokens(DEAR) * PRICES[DEAR] + tokens(CHEAP) * PRICES[CHEAP];
    const dear = ((tokens(DEAR) + tokens(CHEAP)) / calls) * PRICES[DEAR];
    return {
      'paper-saving': values([1 - spent / calls / dear]),
      bill: values([spent / tasks / dear - 1]),
      'http-errors': never(errors, calls),
    };
  },
};

export const F34 = defineDrill({
  id: 'F34',
  title: 'What the router really costs',
  world:
    'A router between a dear model and one at a tenth of its price. Planned: three of ten to the dear one, 63 % saved. It sends six of ten there, half of the cheap answers are bad, and each of these is asked again twice: 12 % more than without it.',
  seeds: { full: 20, quick: 2 },
  on,
  twin,
  off,
});
