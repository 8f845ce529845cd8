import { drawNormal, seededRandom } from '#kernel/stats';
import { type Arrived, arrive } from './arrivals.ts';
import type { Scene, SceneContext } from './define.ts';
import { type Measure, never } from './measure.ts';

const MODEL = 'a';
/** Milliseconds a token. */
const GAP = 20;
const EVERY = 500;
/** Words of the answers that are of use, lognormal. */
const USEFUL = { median: 120, sigma: 0.7 };
/** One answer in so many goes on and on, which is rarer than a limit above 99.5 % has to be. */
const RUNAWAY = { oneIn: 2_000, words: 6_000 };
/** Known before anything is counted: enough for a limit. */
const LEARNING = { full: 2_000, quick: 900 } as const;
const COUNTED = { full: 4_000, quick: 100 } as const;
/** All answers become so many times as long, at once. */
const LONGER = 3;

const world = JSON.stringify({
  models: {
    [MODEL]: {
      firstToken: { median: 400, sigma: 0.4 },
      gap: { median: GAP, sigma: 0 },
      tokens: { median: 40 },
    },
  },
});
const configOf = (maxTokens: 'auto' | 'pass'): string =>
  JSON.stringify({
    providers: { sim: { kind: 'simulator', free: true } },
    routes: {
      chat: { maxTokens, tiers: [{ name: 'primary', targets: [{ provider: 'sim', model: MODEL }] }] },
    },
  });

interface Ask {
  readonly words: number;
  readonly runaway: boolean;
}

/** What each question wants, told before the first is asked, so that with and without a limit the same is wanted. */
function asksOf(seed: number, n: number, { runaways = true, longerFrom = n } = {}): readonly Ask[] {
  const random = seededRandom('F22 lengths', seed);
  return Array.from({ length: n }, (_, i) => {
    const runaway = random() < 1 / RUNAWAY.oneIn && runaways;
    const useful = Math.ceil(USEFUL.median * Math.exp(USEFUL.sigma * drawNormal(random)));
    const words = runaway ? RUNAWAY.words : Math.min(useful, RUNAWAY.words);
    return { runaway, words: i < longerFrom ? words : LONGER * words };
  });
}

interface Answered extends Arrived, Ask {
  readonly limited: boolean;
  readonly cut: boolean;
}

async function live(
  context: SceneContext,
  maxTokens: 'auto' | 'pass',
  more: Parameters<typeof asksOf>[2] = {},
): Promise<readonly Answered[]> {
  const size = context.quick ? 'quick' : 'full';
  const n = LEARNING[size] + COUNTED[size];
  const asks = asksOf(context.seed, n, more);
  const all = await arrive(context.rehearse({ world, config: configOf(maxTokens) }), {
    every: EVERY,
    span: n * EVERY,
    question: (i) => ({
      path: '/v1/chat/completions',
      body: {
        model: 'chat',
        messages: [{ role: 'user', content: `Write of day ${i} in ${asks[i]?.words} words.` }],
      },
    }),
  });
  return all
    .map((one, i) => ({
      ...one,
      ...(asks[i] as Ask),
      limited: one.seen.headers.has('x-midwatch-max-tokens'),
      cut: one.seen.body.includes('"finish_reason":"length"'),
    }))
    .slice(LEARNING[size]);
}

const cutOf = (answers: readonly Answered[]): Measure => {
  const useful = answers.filter(({ runaway }) => !runaway);
  return { kind: 'rate', events: useful.filter(({ cut }) => cut).length, n: useful.length };
};
const endless = (answers: readonly Answered[]): Measure => ({
  kind: 'values',
  values: answers.filter(({ runaway }) => runaway).map(({ seen }) => seen.ms),
});
const limitedOf = (answers: readonly Answered[]): Measure => ({
  kind: 'rate',
  events: answers.filter(({ limited }) => limited).length,
  n: answers.length,
});
const unserved = (answers: readonly Answered[]): Measure =>
  never(answers.filter(({ seen }) => seen.status !== 200).length, answers.length);

const CUT = {
  name: 'lengths-cut',
  says: 'answers of use that a limit cut which no caller named',
  goal: { kind: 'rate', atMost: 0.005 },
  unit: 'share',
  declared: '0.5 %',
  full: true,
} as const;

/** `maxTokens: auto`: whom it harms, and what it is good for. */
export const lengths: { readonly on: Scene; readonly twin: Scene; readonly off: Scene } = {
  on: {
    expectations: [
      CUT,
      {
        name: 'lengths-limited',
        says: 'questions without a limit that got one',
        goal: { kind: 'rate', atLeast: 0.8 },
        unit: 'share',
      },
      {
        name: 'lengths-endless',
        says: 'answers that go on and on, one in two thousand, median',
        goal: { kind: 'quantile', q: 0.5, atMost: 60_000 },
        unit: 'ms',
        full: true,
      },
      {
        name: 'lengths-moved',
        says: 'answers of use that it cut once all had become three times as long',
        goal: { kind: 'rate', atMost: 0.005 },
        unit: 'share',
        full: true,
      },
      {
        name: 'lengths-unserved',
        says: 'of these that were not answered',
        goal: { kind: 'never' },
        unit: 'count',
      },
    ],
    async run(context) {
      const answers = await live(context, 'auto');
      const size = context.quick ? 'quick' : 'full';
      const moved = context.quick ? [] : await live(context, 'auto', { longerFrom: LEARNING[size] });
      return {
        'lengths-cut': cutOf(answers),
        'lengths-limited': limitedOf(answers),
        'lengths-endless': endless(answers),
        'lengths-moved': cutOf(moved),
        'lengths-unserved': unserved([...answers, ...moved]),
      };
    },
  },
  twin: {
    expectations: [CUT],
    run: async (context) => ({
      'lengths-cut': context.quick
        ? { kind: 'rate', events: 0, n: 0 }
        : cutOf(await live(context, 'auto', { runaways: false })),
    }),
  },
  off: {
    expectations: [
      {
        name: 'lengths-endless',
        says: 'answers that go on and on where nobody sets a limit, median',
        goal: { kind: 'quantile', q: 0.5, atLeast: 100_000 },
        unit: 'ms',
        full: true,
      },
    ],
    run: async (context) => ({
      'lengths-endless': context.quick
        ? { kind: 'values', values: [] }
        : endless(await live(context, 'pass')),
    }),
  },
};
