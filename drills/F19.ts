import type { BudgetReading } from '#contracts';
import { defineDrill, type SceneContext } from './define.ts';
import { type Measure, never } from './measure.ts';
import type { Question, Rehearsal, Seen } from './rehearsal.ts';

/** Tokens of the system prompt, of what the agent adds a turn, and of an answer. */
const SYSTEM = 800;
const ADDED = 120;
const ANSWER = 260;
/** Turns that were planned for, and those of an agent that does not find its end. */
const PLANNED = 15;
const RUNAWAY = 40;
const MOST_ANSWER = 400;
/** Whole micro-dollars a token, so that no bill depends on where it was rounded. */
const PRICES = { input: 2, output: 10 };
const MODEL = 'agent';
const RUNS = { full: 20, quick: 4 } as const;

/** Every turn sends all turns before it again: T·s + (u + a)·T²/2 tokens in, to which come T answers. */
const costOf = (turns: number): number =>
  (turns * SYSTEM + ((ADDED + ANSWER) * turns * turns) / 2) * PRICES.input + turns * ANSWER * PRICES.output;
const FORECAST = costOf(PLANNED);
/** Micro-dollars a run may cost. */
const HARD = Math.round(1.5 * FORECAST);

const WORLD = JSON.stringify({
  models: {
    [MODEL]: {
      firstToken: { median: 300, sigma: 0.4 },
      gap: { median: 2, sigma: 0 },
      tokens: { median: ANSWER, sigma: 0.2 },
      prices: PRICES,
    },
  },
});
const configOf = (budget: boolean): string =>
  JSON.stringify({
    providers: { sim: { kind: 'simulator', prices: { [MODEL]: PRICES } } },
    routes: { agents: { tiers: [{ name: 'primary', targets: [{ provider: 'sim', model: MODEL }] }] } },
    ...(budget && { budgets: { 'one-run': { per: 'run', period: 'lifetime', hard: HARD / 1e6 } } }),
  });

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}
type Dialect = 'openai' | 'anthropic';

const text = (tokens: number, first = ''): string =>
  `${first} ${'keep watch and tell. '.repeat(tokens)}`.slice(0, tokens * 4);

function questionOf(dialect: Dialect, run: string, turns: readonly Turn[]): Question {
  const system = text(SYSTEM, `Run ${run}.`);
  const shared = { model: MODEL, max_tokens: MOST_ANSWER };
  const headers = { 'x-midwatch-run': run };
  return dialect === 'openai'
    ? {
        path: '/v1/chat/completions',
        body: { ...shared, messages: [{ role: 'system', content: system }, ...turns] },
        headers,
      }
    : {
        path: '/v1/messages',
        body: { ...shared, system, messages: turns },
        headers: { ...headers, 'anthropic-version': '2023-06-01' },
      };
}

const said = (dialect: Dialect, body: string): string => {
  const told = JSON.parse(body);
  return dialect === 'openai' ? told.choices[0].message.content : told.content[0].text;
};

interface Run {
  readonly name: string;
  readonly dialect: Dialect;
  readonly runaway: boolean;
  readonly turns: number;
  /** Where it was refused. */
  readonly refused?: Seen;
}

interface Agents {
  readonly rehearsal: Rehearsal;
  readonly runs: readonly Run[];
}

async function work(context: SceneContext, runaway: boolean, budget = true): Promise<Agents> {
  const rehearsal = context.rehearse({ world: WORLD, config: configOf(budget) });
  const one = async (n: number): Promise<Run> => {
    const dialect: Dialect = n % 2 === context.seed % 2 ? 'openai' : 'anthropic';
    const away = runaway && n === 0;
    const name = `run-${context.seed}-${n}`;
    const turns: Turn[] = [];
    await rehearsal.clock.sleep(n * 137);
    for (let turn = 0; turn < (away ? RUNAWAY : PLANNED); turn++) {
      turns.push({ role: 'user', content: text(ADDED, `Turn ${turn}, in ${ANSWER - 60} words.`) });
      const seen = await rehearsal.send(questionOf(dialect, name, turns));
      if (seen.status !== 200) return { name, dialect, runaway: away, turns: turn, refused: seen };
      turns.push({ role: 'assistant', content: said(dialect, seen.body) });
    }
    return { name, dialect, runaway: away, turns: turns.length / 2 };
  };
  const runs = await rehearsal.run(
    Promise.all(Array.from({ length: RUNS[context.quick ? 'quick' : 'full'] }, (_, n) => one(n))),
  );
  return { rehearsal, runs };
}

/** By run, as the records say it. */
function spent({ rehearsal }: Agents): ReadonlyMap<string, number> {
  const by = new Map<string, number>();
  for (const { facts } of rehearsal.finished) {
    const { run = '' } = facts.place;
    by.set(run, (by.get(run) ?? 0) + facts.cost.microUsd);
  }
  return by;
}

const readings = ({ rehearsal }: Agents): readonly BudgetReading[] =>
  rehearsal.ledger?.budgets.readings() ?? [];

/** Runs whose account is not the sum of their records, or is over its limit; and the whole against the provider's bill. */
function wrongBooks(agents: Agents): Measure {
  const by = spent(agents);
  const wrong = readings(agents).filter(
    ({ value, settled, reserved }) => settled !== by.get(value) || reserved !== 0 || settled > HARD,
  );
  const total = [...by.values()].reduce((sum, one) => sum + one, 0);
  const bill = agents.rehearsal.simulator.bill().microUsd;
  return never(wrong.length + (total === bill ? 0 : 1), agents.runs.length + 1, [
    ...wrong.map((r) => `${r.value}: ledger ${r.settled}, records ${by.get(r.value)}`),
    ...(total === bill ? [] : [`bill ${bill}, records ${total}`]),
  ]);
}

/** What whoever is woken needs: whose budget, what is left, what to do; as an error of the dialect that was spoken. */
function clear({ dialect, name, refused }: Run): boolean {
  if (refused?.status !== 402) return false;
  const told = JSON.parse(refused.body);
  const shaped =
    dialect === 'openai'
      ? typeof told.error?.type === 'string' && told.type === undefined
      : told.type === 'error' && typeof told.error?.type === 'string';
  const words = String(told.error?.message);
  return (
    shaped &&
    words.includes('"one-run"') &&
    words.includes(name) &&
    words.includes('raise `budgets.one-run.hard`')
  );
}

const touched = ({ runs }: Agents): Measure => {
  const others = runs.filter(({ runaway }) => !runaway);
  const refused = others.filter(({ refused, turns }) => refused || turns !== PLANNED);
  return never(
    refused.length,
    others.length,
    refused.map((run) => `${run.name} ${run.refused?.body.slice(0, 200)}`),
  );
};

export const F19 = defineDrill({
  id: 'F19',
  title: 'The bill staging hid, at run time',
  world:
    'Twenty agents of fifteen turns, each turn with the whole history again. One does not find its end and would go on to turn forty, at five times the forecast. Of the entry this rehearses the bound on a run; forecast, waterfall and the score of staging are another drill.',
  seeds: { full: 20, quick: 1 },
  on: {
    expectations: [
      {
        name: 'stopped',
        says: 'runs that ran away and were not stopped with an error that says whose budget it was and what to do',
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'unused',
        says: 'share of its budget that the run left, each seed: less than one more turn may cost',
        goal: { kind: 'every', atLeast: 0, atMost: 0.12 },
        unit: 'share',
      },
      {
        name: 'touched',
        says: 'other runs that were refused anything',
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'books',
        says: 'runs over their limit, or whose account, records and bill differ by a micro-dollar',
        goal: { kind: 'never' },
        unit: 'count',
      },
    ],
    async run(context) {
      const agents = await work(context, true);
      const away = agents.runs.filter(({ runaway }) => runaway);
      const unclear = away.filter((run) => !clear(run));
      const by = spent(agents);
      return {
        stopped: never(
          unclear.length,
          away.length,
          unclear.map(({ refused }) => `${refused?.status} ${refused?.body.slice(0, 300)}`),
        ),
        unused: { kind: 'values', values: away.map(({ name }) => 1 - (by.get(name) ?? 0) / HARD) },
        touched: touched(agents),
        books: wrongBooks(agents),
      };
    },
  },
  twin: {
    expectations: [
      {
        name: 'touched',
        says: 'runs that were refused anything when all end as planned',
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'books',
        says: 'runs whose account, records and bill differ by a micro-dollar',
        goal: { kind: 'never' },
        unit: 'count',
      },
    ],
    async run(context) {
      const agents = await work(context, false);
      return { touched: touched(agents), books: wrongBooks(agents) };
    },
  },
  off: {
    expectations: [
      {
        name: 'cost',
        says: 'what the run costs that nobody stops, in forecasts, each seed',
        goal: { kind: 'every', atLeast: 2 },
        unit: 'share',
        declared: '2 × forecast',
      },
    ],
    async run(context) {
      const agents = await work(context, true, false);
      const by = spent(agents);
      const away = agents.runs.filter(({ runaway }) => runaway);
      return { cost: { kind: 'values', values: away.map(({ name }) => (by.get(name) ?? 0) / FORECAST) } };
    },
  },
});
