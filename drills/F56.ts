import { hourOfWeek, seededRandom } from '#kernel/stats';
import { defineDrill, type Expectation, type SceneContext } from './define.ts';
import { deferred } from './F56-defer.ts';
import { type Fault, faultsOf, fixed, paced, quiet } from './F56-regime.ts';
import { peakOf } from './F56-tiers.ts';
import {
  cycle,
  EVERY_HOUR,
  FIRST_TOKEN,
  flat,
  HOUR,
  isNight,
  isPeak,
  levels,
  taught,
  ZONE,
} from './F56-week.ts';
import { type Measure, pool } from './measure.ts';
import type { Question, Rehearsal } from './rehearsal.ts';

const MODELS = ['a', 'b'] as const;
/** Where rehearsals begin: Sunday evening of the provider. */
const START = Date.UTC(2026, 0, 5);
const DAY = Array.from({ length: 24 }, (_, i) => START + i * HOUR);
/** As many as it was learnt from, or the day on trial would teach more than the month before. */
const RATE = { full: EVERY_HOUR, quick: 48 } as const;
/** At night some answers take three times as long; whoever waits for less than that finds them. */
const SLOW = { factor: 3, share: 0.2 };

const asking = (content: string): Question => ({
  path: '/v1/chat/completions',
  body: { model: 'chat', stream: true, messages: [{ role: 'user', content }] },
});
const question = asking('What is 17*23?');
const long = asking('Tell of the sea, in 60 words.');

interface Setting {
  readonly curve: (hourOfTheWeek: number) => number;
  readonly weeks?: number;
  /** By the hour, or one limit for the whole week that finds as much at night. */
  readonly byHour: boolean;
  readonly slowNights?: boolean;
}

interface Told {
  readonly rate: Measure;
  readonly cut: number;
  readonly asked: number;
}

/** One Monday, asked at its peak and in its night: how many first calls were given up for want of a first token. */
async function monday(context: SceneContext, setting: Setting): Promise<{ peak: Told; night: Told }> {
  const { curve, weeks = 4.2, byHour, slowNights = false } = setting;
  const random = seededRandom('F56', context.seed);
  const { climate, limitAt } = taught(random, MODELS, weeks, START, curve);
  const hours = DAY.map((at) => ({ at, hour: hourOfWeek(at, ZONE) }));
  const nights = hours.filter(({ hour }) => isNight(hour));
  const limit = nights.reduce((sum, { at }) => sum + limitAt(at), 0) / nights.length;
  const level = levels(random, START, curve);
  const timeline = hours.flatMap(({ hour }, i) => {
    const { factor } = level.next().value as { factor: number };
    const span = { from: i * HOUR, to: (i + 1) * HOUR };
    const usual = { fault: 'latency-multiplier', with: { factor }, ...span };
    const slow = {
      fault: 'latency-multiplier',
      with: { factor: SLOW.factor },
      probability: SLOW.share,
      ...span,
    };
    return slowNights && isNight(hour) ? [usual, slow] : [usual];
  });
  const rehearsal = context.rehearse({
    world: JSON.stringify({
      models: Object.fromEntries(
        MODELS.map((model) => [model, { firstToken: FIRST_TOKEN, gap: { median: 0, sigma: 0 } }]),
      ),
      timeline,
    }),
    config: JSON.stringify({
      providers: { sim: { kind: 'simulator', free: true, zone: ZONE } },
      routes: {
        chat: {
          // The simulated provider sends its head half way to the first token, and each half has its own limit.
          timeouts: byHour
            ? { byHour }
            : { headers: Math.round(limit / 2), firstToken: Math.round(limit / 2) },
          tiers: MODELS.map((model) => ({ name: model, targets: [{ provider: 'sim', model }] })),
        },
      },
    }),
  });
  rehearsal.climate.restore(climate);
  const every = HOUR / RATE[context.quick ? 'quick' : 'full'];
  await rehearsal.run(
    ask(
      rehearsal,
      hours.filter(({ hour }) => isNight(hour) || isPeak(hour)),
      every,
    ),
  );
  const count = (is: (hour: number) => boolean): Told => {
    const first = rehearsal.finished
      .filter(({ facts }) => is(hourOfWeek(facts.at, ZONE)))
      .map(({ facts }) => facts.attempts[0]);
    const cut = first.filter((a) => a?.failure?.kind.startsWith('timeout_')).length;
    return { cut, asked: first.length, rate: { kind: 'rate', events: cut, n: first.length } };
  };
  return { peak: count(isPeak), night: count(isNight) };
}

/** Open loop within each hour; what lies between is slept through. */
async function ask(rehearsal: Rehearsal, hours: readonly { readonly at: number }[], every: number) {
  const { clock } = rehearsal;
  const all: Promise<unknown>[] = [];
  for (const { at } of hours) {
    await clock.sleep(Math.max(0, at - clock.now()));
    for (; clock.now() < at + HOUR - every; await clock.sleep(every)) all.push(rehearsal.send(question));
  }
  await Promise.all(all);
}

const NOT_ASKED: Measure = { kind: 'rate', events: 0, n: 0 };
const values = (...all: readonly number[]): Measure => ({ kind: 'values', values: all });

const FAULTS = [1.5, 1.3, 1.2].flatMap((factor): Fault[] => [
  { factor, whose: 'provider' },
  { factor, whose: 'ours' },
]);
/** Weeks a seed, and how often each fault begins in each of them: what is claimed at p95 needs a p95 that has an upper end. */
const WORLDS = 4;
const TIMES = 2;

/** A change that stays. */
function regimes({ seed, quick }: SceneContext): Record<string, Measure> {
  const faults = quick ? FAULTS.slice(0, 1) : Array.from({ length: TIMES }, () => FAULTS).flat();
  const trials = Array.from({ length: quick ? 1 : WORLDS }, (_, i) =>
    faultsOf(WORLDS * seed + i, faults),
  ).flat();
  const after = (factor: number): Measure =>
    values(...trials.filter((one) => one.factor === factor).map((one) => one.after));
  const right = trials.filter(({ whose, cause }) => cause === whose);
  return {
    found: after(1.5),
    'found-p95': after(1.5),
    'found-1.3': after(1.3),
    'found-1.3-p95': after(1.3),
    'found-1.2': after(1.2),
    'found-1.2-p95': after(1.2),
    cause: { kind: 'rate', events: right.length, n: trials.length },
    'cause-told': values(...trials.map(({ after, told }) => told - after)),
    'found-each': values(trials[0]?.after ?? 0),
  };
}

/** Tokens that come slower while the first one comes as ever. */
function paces({ seed, quick }: SceneContext): Record<string, Measure> {
  const found = Array.from({ length: quick ? 0 : WORLDS }, (_, i) => paced(WORLDS * seed + i, 1.3));
  const blamed = found.filter((one) => one.blamed).length;
  return {
    'pace-found': values(...found.map(({ after }) => after)),
    'pace-blamed': { kind: 'rate', events: blamed, n: found.length },
  };
}

/** What Midwatch reads of streams whose tokens are 20 ms apart, as their callers take them. */
async function pace(context: SceneContext): Promise<Measure> {
  const rehearsal = context.rehearse({
    world: JSON.stringify({
      models: {
        a: { firstToken: FIRST_TOKEN, gap: { median: 20, sigma: 0 } },
      },
    }),
    config: JSON.stringify({
      providers: { sim: { kind: 'simulator', free: true, zone: ZONE } },
      routes: { chat: { tiers: [{ name: 'a', targets: [{ provider: 'sim', model: 'a' }] }] } },
    }),
  });
  await rehearsal.run(Promise.all(Array.from({ length: 20 }, () => rehearsal.send(long))));
  return values(rehearsal.climate.read()[0]?.perToken?.recent?.p50 ?? 0);
}

/** A tier of two targets, of which one has its peak now. */
async function shared(context: SceneContext): Promise<Record<string, Measure>> {
  if (context.quick) return { shared: NOT_ASKED, 'shared-faster': values() };
  const byHour = await peakOf(context, true);
  const alike = await peakOf(context, false);
  return { shared: byHour.peaked, 'shared-faster': values(byHour.mean / alike.mean) };
}

/** Runs that can wait and come at the peak. */
async function putOff(context: SceneContext): Promise<Record<string, Measure>> {
  const { eased, late, fullest } = await deferred(context, cycle);
  return { 'deferred-eased': eased, 'deferred-late': late, 'deferred-fullest': fullest };
}

const FALSE_CUTS: Omit<Expectation, 'goal'> = {
  name: 'peak-cut',
  says: 'calls given up at the peak of a healthy day, by the limits of their hours',
  unit: 'share',
};

export const F56 = defineDrill({
  id: 'F56',
  title:
    'Know the hour before blaming the release: what is normal for it, what is not, and what is done by the hour',
  world:
    'First tokens after 2.5 s in the median at night and 1.9 times that at eleven on weekdays, with load noise; a month of it is known. At night a fifth of the answers take three times as long. Then, with 60 to 600 calls an hour and a probe every five minutes, after four clean weeks everything takes 1.2 to 1.5 times as long for good: at the provider, or for our own asks alone while its probes stay as they were.',
  seeds: { full: 20, quick: 1 },
  on: {
    expectations: [
      { ...FALSE_CUTS, goal: { kind: 'rate', atMost: 0.004 }, declared: '−80 %', full: true },
      {
        name: 'cut-less',
        says: 'of the calls that one limit for all hours gives up at the peak, those that the limits of the hours do not, median of the seeds',
        goal: { kind: 'quantile', q: 0.5, atLeast: 0.8 },
        unit: 'share',
        declared: '80 %',
        full: true,
      },
      {
        name: 'night-found',
        says: 'slow calls given up at night by the limits of the hours, for each that the one limit gives up, median of the seeds',
        goal: { kind: 'quantile', q: 0.5, atLeast: 0.9, atMost: 1.1 },
        unit: 'count',
        declared: 'equal',
        full: true,
      },
      {
        name: 'too-early',
        says: 'calls given up by the limits of the hours when only three weeks are known',
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'shared',
        says: 'calls of a tier of two that go to the one that has its peak, where the tier goes by the hour',
        goal: { kind: 'rate', atMost: 0.33 },
        unit: 'share',
        full: true,
      },
      {
        name: 'shared-faster',
        says: 'first token of such a tier at the peak, over what it is where both take the same, median of the seeds',
        goal: { kind: 'quantile', q: 0.5, atMost: 0.97 },
        unit: 'share',
        full: true,
      },
      {
        name: 'deferred-eased',
        says: 'load of the provider when a run begins that can wait for twelve hours, over its load when the run came at the peak, median',
        goal: { kind: 'quantile', q: 0.5, atMost: 0.75 },
        unit: 'share',
        full: true,
      },
      {
        name: 'deferred-late',
        says: 'of these, begun later than they can wait',
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'deferred-fullest',
        says: 'of these, the share of the fullest half hour, each seed',
        goal: { kind: 'every', atMost: 0.5 },
        unit: 'share',
      },
      {
        name: 'found',
        says: 'time until it is found that everything takes 1.5 times as long, median',
        goal: { kind: 'quantile', q: 0.5, atMost: 4 * HOUR },
        unit: 'ms',
        declared: '4 h',
        full: true,
      },
      {
        name: 'found-p95',
        says: 'the same, p95',
        goal: { kind: 'quantile', q: 0.95, atMost: 5 * HOUR },
        unit: 'ms',
        declared: '5 h',
        full: true,
      },
      {
        name: 'found-1.3',
        says: 'time until it is found at 1.3 times, median',
        goal: { kind: 'quantile', q: 0.5, atMost: 6 * HOUR },
        unit: 'ms',
        declared: '6 h',
        full: true,
      },
      {
        name: 'found-1.3-p95',
        says: 'the same, p95',
        goal: { kind: 'quantile', q: 0.95, atMost: 14 * HOUR },
        unit: 'ms',
        declared: '14 h',
        full: true,
      },
      {
        name: 'found-1.2',
        says: 'time until it is found at 1.2 times, median',
        goal: { kind: 'quantile', q: 0.5, atMost: 12 * HOUR },
        unit: 'ms',
        declared: '12 h',
        full: true,
      },
      {
        name: 'found-1.2-p95',
        says: 'the same, p95',
        goal: { kind: 'quantile', q: 0.95, atMost: 39 * HOUR },
        unit: 'ms',
        declared: '39 h',
        full: true,
      },
      {
        name: 'cause',
        says: 'faults of 1.2 to 1.5 times, half of them ours, of which it was told rightly whose they are, as soon as it was told',
        goal: { kind: 'rate', atLeast: 0.95 },
        unit: 'share',
        declared: '≥ 95 % of 100',
        full: true,
      },
      {
        name: 'cause-told',
        says: 'time from the finding until it is told whose it is, p95',
        goal: { kind: 'quantile', q: 0.95, atMost: 24 * HOUR },
        unit: 'ms',
        full: true,
      },
      {
        name: 'pace',
        says: 'milliseconds a token that are read of streams whose tokens are 20 ms apart',
        goal: { kind: 'every', atLeast: 18, atMost: 22 },
        unit: 'ms',
      },
      {
        name: 'pace-found',
        says: 'time until it is found that every token takes 1.3 times as long, while the first ones take what they took, median',
        goal: { kind: 'quantile', q: 0.5, atMost: 6 * HOUR },
        unit: 'ms',
        full: true,
      },
      {
        name: 'pace-blamed',
        says: 'in which first tokens were said to be slower as well',
        goal: { kind: 'rate', atMost: 0.1 },
        unit: 'share',
        full: true,
      },
      {
        name: 'found-each',
        says: 'the first of each seed, at 1.5 times',
        goal: { kind: 'every', atMost: 24 * HOUR },
        unit: 'ms',
      },
    ],
    async run(context) {
      const hourly = await monday(context, { curve: cycle, byHour: true, slowNights: true });
      const fixed = await monday(context, { curve: cycle, byHour: false, slowNights: true });
      const early = await monday(context, { curve: cycle, byHour: true, slowNights: true, weeks: 3 });
      return {
        'peak-cut': hourly.peak.rate,
        'cut-less': values(1 - hourly.peak.cut / Math.max(1, fixed.peak.cut)),
        'night-found': values(hourly.night.cut / Math.max(1, fixed.night.cut)),
        'too-early': {
          kind: 'count',
          broken: early.peak.cut + early.night.cut,
          n: early.peak.asked + early.night.asked,
        },
        ...(await shared(context)),
        ...(await putOff(context)),
        pace: await pace(context),
        ...paces(context),
        ...regimes(context),
      };
    },
  },
  twin: {
    expectations: [
      {
        ...FALSE_CUTS,
        says: 'calls given up by day by the limits of the hours where there is no cycle and nothing is slow',
        goal: { kind: 'rate', atMost: 0.004 },
        full: true,
      },
      {
        name: 'night-cut',
        says: 'the same at night',
        goal: { kind: 'rate', atMost: 0.004 },
        unit: 'share',
        full: true,
      },
      {
        name: 'cut',
        says: 'calls given up on a day without a cycle, each seed',
        goal: { kind: 'every', atMost: 0.02 },
        unit: 'share',
      },
      {
        name: 'deferred',
        says: 'runs that can wait and are put off where no hour is calmer than another',
        goal: { kind: 'rate', atMost: 0.25 },
        unit: 'share',
        full: true,
      },
      {
        name: 'cycle-alarms',
        says: 'weeks of the cycle alone in which a change was found, after four to learn it',
        goal: { kind: 'rate', atMost: 0.1 },
        unit: 'share',
        declared: '≤ 0.1 a week',
        full: true,
      },
    ],
    async run(context) {
      const { peak, night } = await monday(context, { curve: flat, byHour: true });
      const { put } = await deferred(context, flat);
      return {
        deferred: put,
        'peak-cut': peak.rate,
        'night-cut': night.rate,
        cut: values((peak.cut + night.cut) / (peak.asked + night.asked)),
        'cycle-alarms': context.quick
          ? NOT_ASKED
          : Array.from({ length: WORLDS }, (_, i) => quiet(WORLDS * context.seed + i)).reduce(pool),
      };
    },
  },
  off: {
    expectations: [
      {
        name: 'shared',
        says: 'calls of a tier of two that go to the one that has its peak, both taking the same',
        goal: { kind: 'rate', atLeast: 0.45 },
        unit: 'share',
        full: true,
      },
      {
        ...FALSE_CUTS,
        says: 'calls given up at the peak of a healthy day by one limit for all hours',
        goal: { kind: 'rate', atLeast: 0.015 },
        full: true,
      },
      {
        name: 'cut',
        says: 'the same as a number, each seed',
        goal: { kind: 'every', atLeast: 1 },
        unit: 'count',
        full: true,
      },
      {
        name: 'alarms',
        says: 'alarms of one threshold for all hours, at 1.75 times the night, in a week of the cycle alone, each seed',
        goal: { kind: 'every', atLeast: 3 },
        unit: 'count',
        declared: '5.7',
      },
    ],
    async run(context) {
      const { peak } = await monday(context, { curve: cycle, byHour: false, slowNights: true });
      return {
        'peak-cut': peak.rate,
        cut: values(peak.cut),
        alarms: values(fixed(context.seed)),
        shared: context.quick ? NOT_ASKED : (await peakOf(context, false)).peaked,
      };
    },
  },
});
