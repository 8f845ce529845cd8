import type { Lane } from '#contracts';
import { seeded } from '#kernel';
import { drawNormal } from '#kernel/stats';
import type { Scene, SceneContext } from './define.ts';
import { MODEL } from './F23-world.ts';
import { type Measure, never } from './measure.ts';
import type { Question } from './rehearsal.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const PER_DAY = 1_000_000;
/** Two days to learn from; the third is busier, or as the others were. */
const LEARNED = 2;
/** Share of the limit that an ordinary day uses. */
const ORDINARY = 0.7;
/** Hours of the third day at which somebody looks. */
const LOOKS = [9, 11, 13, 15];
const EVERY = { full: MINUTE, quick: 15 * MINUTE } as const;
const OUTPUT = 20;
/** Of one ask, which stands for the many of a minute: log-normal. */
const SPREAD = 0.25;

const world = JSON.stringify({
  models: {
    [MODEL]: {
      firstToken: { median: 200 },
      gap: { median: 0, sigma: 0 },
      tokens: { median: OUTPUT, sigma: 0.3 },
    },
  },
});
const config = JSON.stringify({
  providers: {
    sim: { kind: 'simulator', free: true, quota: { tokensPerDay: PER_DAY, day: 'calendar', headroom: 1 } },
  },
  routes: { chat: { tiers: [{ name: 'primary', targets: [{ provider: 'sim', model: MODEL }] }] } },
});

/** A working day: little at night, most of it around the middle of the day, moved a little by the seed. Mean 1. */
const shape = (hour: number, moved: number): number => {
  const raw = (h: number) => 0.15 + Math.exp(-(((h - 14 - moved) / 4.5) ** 2) / 2);
  let sum = 0;
  for (let h = 0; h < 24; h++) sum += raw(h);
  return (24 * raw(hour % 24)) / sum;
};

interface Day {
  /** What was foretold at each look, and when that was. */
  readonly foretold: readonly { readonly at: number; readonly end: number | undefined }[];
  /** First call that was refused. */
  readonly happened: number | undefined;
}

async function days(context: SceneContext, busier: (random: () => number) => number): Promise<Day> {
  const random = seeded(`F23 day ${context.seed}`);
  const rehearsal = context.rehearse({ world, config });
  const { clock } = rehearsal;
  const start = clock.now();
  const every = EVERY[context.quick ? 'quick' : 'full'];
  const moved = 2 * random() - 1;
  const factor = busier(random);
  const foretold: { at: number; end: number | undefined }[] = [];
  let happened: number | undefined;
  const living = async () => {
    const looks = LOOKS.map((hour) => start + (24 * LEARNED + hour) * HOUR);
    while (clock.now() < start + 24 * (LEARNED + 1) * HOUR && happened === undefined) {
      const now = clock.now();
      if (looks[0] !== undefined && now >= looks[0]) {
        looks.shift();
        const axis = rehearsal.ledger?.quotas.readings()[0]?.axes[0];
        foretold.push({ at: now, end: axis?.exhaustsAt });
      }
      const hour = (now - start) / HOUR;
      const level = shape(hour, moved) * ORDINARY * (hour >= 24 * LEARNED ? factor : 1);
      const mean = (PER_DAY * level * every) / (24 * HOUR);
      const tokens = Math.max(10, mean * Math.exp(SPREAD * drawNormal(random) - SPREAD ** 2 / 2) - OUTPUT);
      if ((await rehearsal.send(question(tokens))).status === 429) happened = now;
      await clock.sleep(every - (clock.now() - now));
    }
  };
  await rehearsal.run(living());
  return { foretold, happened };
}

const question = (tokens: number, lane: Lane = 'interactive'): Question => ({
  path: '/v1/messages',
  body: {
    model: MODEL,
    max_tokens: 200,
    messages: [{ role: 'user', content: 'keep the light. '.repeat(tokens / 4) }],
  },
  headers: {
    'anthropic-version': '2023-06-01',
    'x-midwatch-deadline-ms': '10000',
    'x-midwatch-priority': lane,
  },
});

/** Error of the foretold end as a share of the time that was left. A look that foretold nothing is all wrong. */
const errors = ({ foretold, happened }: Day): Measure => ({
  kind: 'values',
  values: foretold.map(({ at, end }) =>
    happened === undefined || end === undefined ? 1 : Math.abs(end - happened) / (happened - at),
  ),
});

/** People and background work on one daily limit. */
interface Shared {
  readonly people: number;
  readonly refused: number;
  /** Share of the limit that was used on the third day. */
  readonly use: number;
}

const LUMP = 2_000;

/** The third day is about as busy as the others for people, and from its first minute background work takes whatever it gets. */
async function shared(context: SceneContext, background: Lane): Promise<Shared> {
  const random = seeded(`F23 shared ${context.seed}`);
  const rehearsal = context.rehearse({ world, config });
  const { clock } = rehearsal;
  const start = clock.now();
  const every = (context.quick ? 30 : 5) * MINUTE;
  const moved = 2 * random() - 1;
  const busier = 0.9 + 0.2 * random();
  const third = start + 24 * LEARNED * HOUR;
  let [people, refused, use] = [0, 0, 0];
  const living = async () => {
    for (let now = clock.now(); now < third + 24 * HOUR; now = clock.now()) {
      const there = now >= third;
      const hour = (now - start) / HOUR;
      const mean = (PER_DAY * shape(hour, moved) * ORDINARY * (there ? busier : 1) * every) / (24 * HOUR);
      const tokens = Math.max(10, mean * Math.exp(SPREAD * drawNormal(random) - SPREAD ** 2 / 2) - OUTPUT);
      while (there && (await rehearsal.send(question(LUMP, background))).status === 200);
      const { status } = await rehearsal.send(question(tokens));
      if (there) people++;
      if (there && status !== 200) refused++;
      // Before midnight, when it is another day's.
      if (now + 2 * every >= third + 24 * HOUR)
        use = Math.max(use, rehearsal.ledger?.quotas.readings()[0]?.axes[0]?.share ?? 0);
      await clock.sleep(every - (clock.now() - now));
    }
  };
  await rehearsal.run(living());
  return { people, refused, use };
}

const turnedAway = ({ refused, people }: Shared): Measure => ({ kind: 'rate', events: refused, n: people });

export const day: { readonly on: Scene; readonly twin: Scene; readonly off: Scene } = {
  on: {
    expectations: [
      {
        name: 'exhaustion',
        says: 'error of the foretold end of a daily limit, on a day 1.6 to 2 times as busy as those before, in shares of the time left: nine in ten',
        goal: { kind: 'quantile', q: 0.9, atMost: 0.1 },
        unit: 'share',
        declared: '10 %',
        full: true,
      },
      {
        name: 'unforetold',
        says: 'looks at such a day that foretold no end',
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'people',
        says: 'people refused on a day on which background work takes whatever it gets of the same daily limit',
        goal: { kind: 'rate', atMost: 0.01 },
        unit: 'share',
        declared: 'a reserve for people',
        full: true,
      },
      {
        name: 'day-use',
        says: 'use of the limit on that day, each seed',
        goal: { kind: 'every', atLeast: 0.95 },
        unit: 'share',
      },
    ],
    async run(context) {
      const both = await shared(context, 'batch');
      const busy = await days(context, (random) => 1.6 + 0.4 * random());
      const silent = busy.foretold.filter(({ end }) => end === undefined);
      return {
        exhaustion: errors(busy),
        unforetold: never(silent.length, busy.foretold.length),
        people: turnedAway(both),
        'day-use': { kind: 'values', values: [both.use] },
      };
    },
  },
  twin: {
    expectations: [
      {
        name: 'false-end',
        says: 'looks at a day like those before in which an end was foretold that never came',
        goal: { kind: 'never' },
        unit: 'count',
      },
    ],
    async run(context) {
      const { foretold } = await days(context, () => 1);
      return { 'false-end': never(foretold.filter(({ end }) => end !== undefined).length, foretold.length) };
    },
  },
  off: {
    expectations: [
      {
        name: 'people',
        says: 'people refused on a day on which background work takes whatever it gets, nobody’s rank told',
        goal: { kind: 'rate', atLeast: 0.5 },
        unit: 'share',
      },
    ],
    run: async (context) => ({ people: turnedAway(await shared(context, 'interactive')) }),
  },
};
