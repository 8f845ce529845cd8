import { expect, test } from 'bun:test';
import type { AskFacets } from '#contracts';
import { virtualClock } from '#kernel';
import { drawNormal, seededRandom } from '#kernel/stats';
import type { Asker } from './lengths.ts';
import type { Step } from './plan.ts';
import { Seat, Seats } from './seats.ts';
import type { Try, Walk } from './walk.ts';
import { createWatchdog } from './watchdog.ts';

const MINUTE = 60_000;
const STREAM = { facets: { stream: true, model: 'm' } as AskFacets, who: {} as Asker['who'] };
const GOOD = { outcome: 'complete' } as const;
const CALM = { factor: () => 1 };
const stepOf = (concurrency: object): Step =>
  ({
    target: { provider: 'p', concurrency: { adaptive: true, max: 1_000, queue: 100, ...concurrency } },
  }) as never;

interface World {
  /** Questions a second, at a minute of the day. */
  readonly rate: (minute: number) => number;
  /** Input tokens of one. */
  readonly tokens: (minute: number, random: () => number) => number;
  /** What everything takes times. */
  readonly factor: (minute: number) => number;
  readonly minutes: number;
  readonly stragglers?: number;
  /** From the hour on a first token waits so long for our own event loop, ms; `noticed`: and we know it. */
  readonly own?: { readonly late: number; readonly noticed: boolean };
}
const PLAIN: World = {
  rate: () => 5,
  tokens: (_, random) => 200 + 1_800 * random(),
  factor: () => 1,
  minutes: 120,
};

/** First token 200 ms and 0.1 ms a token, log-normal; then two seconds of text. Returns refusals, and the lowest limit. */
async function live(seed: number, world: World) {
  const clock = virtualClock({ seed });
  const random = seededRandom('seats', seed);
  const { late = 0, noticed = false } = world.own ?? {};
  const full = () => clock.monotonic() >= 60 * MINUTE;
  const seats = new Seats(clock, CALM, createWatchdog(clock));
  const step = stepOf({});
  const asked = { before: 0, during: 0 };
  const refused = { before: 0, during: 0 };
  const calls: Promise<void>[] = [];
  const call = async (seat: Seat, minute: number) => {
    const input = world.tokens(minute, random);
    const straggles = random() < (world.stragglers ?? 0) ? 5_000 + 25_000 * random() : 0;
    const firstToken =
      (200 + 0.1 * input) * world.factor(minute) * Math.exp(0.4 * drawNormal(random)) + straggles;
    await clock.sleep(firstToken + 2_000);
    const own = full() ? late : 0;
    const one = { step, model: 'm', firstToken: firstToken + own, late: noticed ? own : 0 } as Try;
    seat.leave({ one, end: GOOD, walk: STREAM, input, output: 100 });
  };
  const asking = async () => {
    for (let now = 0; now < world.minutes * MINUTE; ) {
      const minute = now / MINUTE;
      const part = minute < 60 ? 'before' : 'during';
      asked[part]++;
      const seat = seats.take(step, STREAM);
      if (seat) calls.push(call(seat, minute));
      else refused[part]++;
      const wait = (-Math.log(1 - random()) * 1_000) / world.rate(minute);
      now += wait;
      await clock.sleep(wait);
    }
    await Promise.all(calls);
  };
  await clock.run(asking());
  expect(seats.read()[0]?.inFlight).toBe(0);
  return { asked, refused };
}

const SEEDS = [1_001, 1_002];

for (const [what, world] of [
  ['stragglers of 5 to 30 s', { stragglers: 0.03 }],
  ['three times as many asks', { rate: (minute: number) => (minute >= 60 && minute < 80 ? 15 : 5) }],
  [
    'prompts twelve times as long',
    {
      tokens: (minute: number, random: () => number) =>
        (200 + 1_800 * random()) * (minute >= 60 && minute < 80 ? 12 : 1),
    },
  ],
  [
    'a morning, nearly twice as slow within three hours',
    { minutes: 240, factor: (minute: number) => 1 + (0.9 * Math.min(180, Math.max(0, minute - 60))) / 180 },
  ],
] as const)
  test(`a target that is well is never throttled: ${what}`, async () => {
    for (const seed of SEEDS) {
      const { refused } = await live(seed, { ...PLAIN, ...world });
      expect(refused).toEqual({ before: 0, during: 0 });
    }
  }, 20_000);

test('what waits for our own full core is no congestion of a target', async () => {
  for (const seed of SEEDS) {
    const of = (noticed: boolean) =>
      live(seed, { ...PLAIN, minutes: 70, rate: () => 20, own: { late: 900, noticed } });
    expect((await of(true)).refused).toEqual({ before: 0, during: 0 });
    expect((await of(false)).refused.during).toBeGreaterThan(0);
  }
}, 120_000);

test('everything twenty times slower whatever is asked: all but a trickle is kept away', async () => {
  for (const seed of SEEDS) {
    const { asked, refused } = await live(seed, {
      ...PLAIN,
      minutes: 80,
      factor: (minute) => (minute >= 60 ? 20 : 1),
    });
    expect(refused.before).toBe(0);
    expect(refused.during / asked.during).toBeGreaterThan(0.6);
  }
}, 120_000);

test('what was learnt outlives a restart, who was under way does not; a reload brings its limits', async () => {
  const clock = virtualClock({ seed: 1 });
  const seats = new Seats(clock, CALM, createWatchdog(clock));
  const step = stepOf({ max: 3 });
  const taken = [1, 2, 3, 4].map(() => seats.take(step, STREAM));
  expect(taken.map(Boolean)).toEqual([true, true, true, false]);
  const again = new Seats(clock, CALM, createWatchdog(clock));
  again.restore(JSON.parse(JSON.stringify(seats.snapshot())));
  expect(again.take(step, STREAM)).toBeDefined();
  expect(again.read()).toMatchObject([{ provider: 'p', model: 'm', limit: 3, inFlight: 1 }]);
  // A reload makes new steps of the same target.
  expect(again.take(stepOf({ max: 2 }), STREAM)).toBeDefined();
  expect(again.take(stepOf({ max: 2 }), STREAM)).toBeUndefined();
  taken[0]?.leave();
  taken[0]?.leave();
  expect(seats.read()[0]?.inFlight).toBe(2);
});

test('while short answers are asked for, long ones leave them their share of the places', async () => {
  const clock = virtualClock({ seed: 1 });
  const seats = new Seats(clock, CALM, createWatchdog(clock));
  const step = stepOf({ adaptive: false, max: 4, short: 0.25 });
  const asker = (feature: string): Asker => ({ ...STREAM, who: { feature } as Asker['who'] });
  const [label, report, other] = [asker('label'), asker('report'), asker('other')];
  const served = (walk: Asker, output: number) =>
    seats.take(step, walk)?.leave({
      one: { step, model: 'm', firstToken: 100 } as Try,
      end: GOOD,
      walk,
      input: 100,
      output,
    });
  for (let i = 0; i < 500; i++) served(i % 50 === 0 ? report : label, i % 50 === 0 ? 1_400 : 20);
  const take = (walk: Asker, n: number) => Array.from({ length: n }, () => seats.take(step, walk));
  const reports = take(report, 4);
  expect(reports.map(Boolean)).toEqual([true, true, true, false]);
  const waits = seats.wait(step, { ...report, queued: 0 } as Walk, 'interactive', clock.monotonic() + MINUTE);
  // The fourth is for the short, who do not stand behind a long one of a more urgent lane; of others nothing is known.
  const [short] = take(label, 1);
  expect(short).toBeDefined();
  short?.leave();
  const [unknown] = take(other, 1);
  expect(unknown).toBeDefined();
  unknown?.leave();
  reports[0]?.leave();
  const third = await clock.run(waits);
  expect(third).toBeInstanceOf(Seat);
  expect(take(report, 1)).toEqual([undefined]);
  // A minute without a short ask: the place is anybody's.
  await clock.run(clock.sleep(MINUTE + 1));
  expect(take(report, 1)[0]).toBeDefined();
  expect(seats.read()[0]).toMatchObject({ inFlight: 4 });
});
