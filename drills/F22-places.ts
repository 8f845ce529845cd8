import type { Scene, SceneContext } from './define.ts';
import { type Measure, never } from './measure.ts';
import type { Question, Seen } from './rehearsal.ts';

const MINUTE = 60_000;
const MODEL = 'a';
/** Places that the target has, and those that long answers leave. */
const PLACES = 40;
const SHORT = 0.25;
/** Milliseconds a token: a label takes half a second, a report half a minute. */
const GAP = 20;
const WORDS = { label: 10, report: 1_000 } as const;
type Use = keyof typeof WORDS;
/** Labels come evenly, five a second; reports sixty at a time, once a minute, which is once and a half the places. */
const LABEL_EVERY = { full: 200, quick: 1_000 } as const;
const REPORTS = 60;
/** In the first two minutes it is learnt how long answers are. */
const LEARNING = 2;
const MINUTES = { full: 5, quick: 1 } as const;

const world = JSON.stringify({
  models: {
    [MODEL]: {
      firstToken: { median: 400, sigma: 0.4 },
      gap: { median: GAP, sigma: 0 },
      tokens: { median: 40 },
    },
  },
});
const configOf = (split: boolean): string =>
  JSON.stringify({
    providers: {
      sim: {
        kind: 'simulator',
        free: true,
        concurrency: { adaptive: false, max: PLACES, queue: 1_000, ...(split && { short: SHORT }) },
      },
    },
    routes: { chat: { tiers: [{ name: 'primary', targets: [{ provider: 'sim', model: MODEL }] }] } },
  });

const questionOf = (use: Use, i: number): Question => ({
  path: '/v1/chat/completions',
  body: { model: 'chat', messages: [{ role: 'user', content: `Write of day ${i} in ${WORDS[use]} words.` }] },
  headers: { 'x-midwatch-feature': use },
});

interface Answer {
  readonly use: Use;
  readonly counts: boolean;
  readonly seen: Seen;
}

/** One target with so many places; `bursts`: whether anybody wants reports. */
async function live(context: SceneContext, split: boolean, bursts = true): Promise<readonly Answer[]> {
  const { rehearse, quick } = context;
  const size = quick ? 'quick' : 'full';
  const rehearsal = rehearse({ world, config: configOf(split) });
  const { clock } = rehearsal;
  const all: Promise<Answer>[] = [];
  const ask = async (use: Use, minute: number): Promise<Answer> => ({
    use,
    counts: minute >= LEARNING,
    seen: await rehearsal.send(questionOf(use, all.length)),
  });
  const asking = async () => {
    for (let minute = 0; minute < LEARNING + MINUTES[size]; minute++) {
      for (let i = 0; bursts && i < REPORTS; i++) all.push(ask('report', minute));
      for (let at = 0; at < MINUTE; at += LABEL_EVERY[size]) {
        all.push(ask('label', minute));
        await clock.sleep(LABEL_EVERY[size]);
      }
    }
    return Promise.all(all);
  };
  return (await rehearsal.run(asking())).filter(({ counts }) => counts);
}

const latencyOf = (answers: readonly Answer[], use: Use): Measure => ({
  kind: 'values',
  values: answers.filter((one) => one.use === use).map(({ seen }) => seen.ms),
});

const unserved = (answers: readonly Answer[]): Measure =>
  never(answers.filter(({ seen }) => seen.status !== 200).length, answers.length);

export const places: { readonly on: Scene; readonly twin: Scene; readonly off: Scene } = {
  on: {
    expectations: [
      {
        name: 'places-label',
        says: 'answers of some words while sixty reports of half a minute each want the forty places, p99',
        goal: { kind: 'quantile', q: 0.99, atMost: 3_000 },
        unit: 'ms',
        declared: 'short and long lanes apart',
        full: true,
      },
      {
        name: 'places-report',
        says: 'the reports, two of which have to take one place after the other, p99',
        goal: { kind: 'quantile', q: 0.99, atMost: 75_000 },
        unit: 'ms',
        full: true,
      },
      {
        name: 'places-unserved',
        says: 'of these that were not answered',
        goal: { kind: 'never' },
        unit: 'count',
      },
    ],
    async run(context) {
      const answers = await live(context, true);
      return {
        'places-label': latencyOf(answers, 'label'),
        'places-report': latencyOf(answers, 'report'),
        'places-unserved': unserved(answers),
      };
    },
  },
  twin: {
    expectations: [
      {
        name: 'places-label',
        says: 'answers of some words where nobody wants a report, p99',
        goal: { kind: 'quantile', q: 0.99, atMost: 3_000 },
        unit: 'ms',
        full: true,
      },
    ],
    run: async (context) => ({ 'places-label': latencyOf(await live(context, true, false), 'label') }),
  },
  off: {
    expectations: [
      {
        name: 'places-label',
        says: 'answers of some words while reports want the places, nothing kept for the short, p99',
        goal: { kind: 'quantile', q: 0.99, atLeast: 15_000 },
        unit: 'ms',
        full: true,
      },
    ],
    run: async (context) => ({ 'places-label': latencyOf(await live(context, false), 'label') }),
  },
};
