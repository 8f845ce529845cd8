import { seeded } from '#kernel';
import { defineDrill, type SceneContext } from './define.ts';
import { BEFORE, climb, quiet } from './F49-climb.ts';
import { afterEnd, overShare } from './F49-rules.ts';
import {
  BASE,
  configOf,
  DAY,
  drawHour,
  HOUR,
  mixed,
  PER_HOUR,
  question,
  RULES,
  rampOf,
} from './F49-world.ts';
import { never } from './measure.ts';

export const F49 = defineDrill({
  id: 'F49',
  title: 'The tier mix is a promise of its own',
  world:
    '10,000 exchanges a day; nine approved rules, one after the other, are each ramped to 4.17 % within twenty days, so that 0.5 % not served by the first tier become 38 % in 180 days. Every exchange that a climbing rule takes goes through the gateway and its record; in the first climb the failovers too. What nothing touches is drawn and counted, not made.',
  seeds: { full: 20, quick: 2 },
  on: {
    expectations: [
      {
        name: 'share-at-finding',
        says: 'share not served by the first tier when the drift is found, first climb, median',
        goal: { kind: 'quantile', q: 0.5, atMost: 0.01 },
        unit: 'share',
        declared: 'before 1.0 %; catalogue 0.92 %',
        full: true,
      },
      {
        name: 'day-of-finding',
        says: 'from the beginning of the first climb until its drift is found, median',
        goal: { kind: 'quantile', q: 0.5, atMost: 2.4 * DAY },
        unit: 'ms',
        declared: 'catalogue 2.4 days',
        full: true,
      },
      {
        name: 'rule-not-named',
        says: 'climbs whose finding names another rule first, or that are not found',
        goal: { kind: 'never' },
        unit: 'count',
        declared: '9 of 9 named',
      },
      {
        name: 'recount-differs',
        says: 'hours in which the gateway counted otherwise than its records, by tier, rule and reason',
        goal: { kind: 'never' },
        unit: 'count',
        declared: 'to the exchange',
      },
      {
        name: 'reason-missing',
        says: 'exchanges served below the first tier whose record does not say by whom and why',
        goal: { kind: 'never' },
        unit: 'exchanges',
      },
      {
        name: 'over-share',
        says: 'asks of an incident after which a rule had taken more than its share and its burst',
        goal: { kind: 'never' },
        unit: 'exchanges',
      },
      {
        name: 'acts-after-end',
        says: 'time after its end at which an expired rule last acted, nine rules, no reload',
        goal: { kind: 'every', atMost: 60_000 },
        unit: 'ms',
        declared: 'within 1 min',
      },
    ],
    async run(context) {
      const climbs = context.quick ? [0] : Array.from({ length: RULES }, (_, i) => i);
      const shares: number[] = [];
      const days: number[] = [];
      const misnamed: string[] = [];
      let [hours, differing, demoted, silent] = [0, 0, 0, 0];
      for (const rule of climbs) {
        const { day, share, found, mixed: house } = await climb(context, rule, { failures: rule === 0 });
        if (rule === 0) {
          days.push((day ?? Number.POSITIVE_INFINITY) * DAY);
          shares.push(share ?? Number.POSITIVE_INFINITY);
        }
        const named = found?.causes[0]?.rule;
        if (named !== `demotion:r${rule}`) misnamed.push(`r${rule}: ${named ?? 'not found'}`);
        const counted = house.tiers.snapshot().tally?.chat ?? [];
        const recount = Map.groupBy(house.recorded(), ({ at }) => at);
        for (const at of new Set([...recount.keys(), ...counted.map(([hour]) => hour)])) {
          hours++;
          const own = counted.find(([hour]) => hour === at)?.[1] ?? [];
          const record = (recount.get(at) ?? []).map(({ tier, by, reason, exchanges }) => [
            by === undefined ? tier : `${tier}\0${by}\0${reason ?? ''}`,
            exchanges,
          ]);
          if (JSON.stringify(own.toSorted()) !== JSON.stringify(record.toSorted())) differing++;
        }
        for (const { facts } of house.rehearsal.finished) {
          if (facts.tier.served === facts.tier.intended) continue;
          demoted++;
          if (!facts.tier.demotedBy || !facts.tier.reason) silent++;
        }
      }
      const asks = context.quick ? 100 : 400;
      return {
        'share-at-finding': { kind: 'values', values: shares },
        'day-of-finding': { kind: 'values', values: days },
        'rule-not-named': never(misnamed.length, climbs.length, misnamed),
        'recount-differs': never(differing, hours),
        'reason-missing': never(silent, demoted),
        'over-share': never(await overShare(context, asks), asks),
        'acts-after-end': { kind: 'values', values: await afterEnd(context) },
      };
    },
  },
  twin: {
    expectations: [
      {
        name: 'false-alarms',
        says: 'histories of 90 days at the declared mix with any finding',
        goal: { kind: 'rate', atMost: 0.05 },
        unit: 'share',
        declared: '5 % in 90 days',
        full: true,
      },
      {
        name: 'through-the-gateway',
        says: 'days of failovers at the declared mix, made through the gateway, in which anything is found',
        goal: { kind: 'never' },
        unit: 'count',
      },
    ],
    async run(context) {
      const span = context.quick ? 2 : 6;
      const { found, early } = await climb(context, 0, { failures: true, days: span, ramp: false });
      const gateway = never(found || early ? 1 : 0, span + BEFORE);
      const histories = 20;
      return {
        'through-the-gateway': gateway,
        ...(!context.quick && {
          'false-alarms': {
            kind: 'rate' as const,
            events: await quiet(context, histories, 90),
            n: histories,
          },
        }),
      };
    },
  },
  off: {
    expectations: [
      {
        name: 'failure-meter',
        says: 'failed exchanges after 180 days, what the meter of failures shows',
        goal: { kind: 'every', atLeast: 0.0045, atMost: 0.0055 },
        unit: 'share',
        declared: 'stays at 0.5 %',
      },
      {
        name: 'status',
        says: 'callers of a demoted exchange who saw anything but a 200',
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'not-primary',
        says: 'share not served by the first tier on day 180',
        goal: { kind: 'every', atLeast: 0.36 },
        unit: 'share',
        declared: '38 %',
      },
      {
        name: 'burn-14',
        says: 'hours that burn a budget of 5 % at 14.4 times its rate',
        goal: { kind: 'never' },
        unit: 'count',
        declared: 'never fires',
      },
      {
        name: 'burn-6',
        says: 'until six hours burn it at 6 times, median',
        goal: { kind: 'quantile', q: 0.5, atLeast: 120 * DAY },
        unit: 'ms',
        declared: 'catalogue 134 days',
      },
      {
        name: 'burn-1',
        says: 'until three days and the last six hours burn it at once, median',
        goal: { kind: 'quantile', q: 0.5, atLeast: 20 * DAY },
        unit: 'ms',
        declared: 'catalogue 23.5 days',
      },
    ],
    run: off,
  },
});

const BUDGET = 0.05;

/** The same climb as today's meters see it: failures, status, and burn rates on the share that is not primary. */
async function off(context: SceneContext) {
  const random = seeded(`F49 off ${context.seed}`);
  const away: number[] = [];
  let failed = 0;
  for (let hour = 0; hour < 180 * 24; hour++) {
    const day = hour / 24;
    const ramps = Array.from({ length: RULES }, (_, rule) => rampOf(day - 20 * rule));
    const climbing = ramps.reduce((sum, share) => sum + share, 0);
    const { overflowing, climbing: taken } = drawHour(random, { climbing, standing: 0 });
    failed += overflowing;
    away.push(overflowing + taken);
  }
  const burn = (hours: number, end: number) => {
    const some = away.slice(Math.max(0, end - hours), end);
    return some.reduce((sum, n) => sum + n, 0) / (some.length * PER_HOUR) / BUDGET;
  };
  const first = (fires: (end: number) => boolean) => {
    for (let end = 72; end <= away.length; end++) if (fires(end)) return end * HOUR;
    return Number.POSITIVE_INFINITY;
  };
  const fast = away.filter((n) => n / PER_HOUR / BUDGET >= 14.4).length;
  const asks = context.quick ? 20 : 100;
  const { rehearsal } = mixed(context, configOf(BASE, [{ id: 'r0' }]));
  let unwell = 0;
  for (let i = 0; i < asks; i++) if ((await rehearsal.ask(question('r0'))).status !== 200) unwell++;
  await rehearsal.run(rehearsal.clock.sleep(HOUR));
  const lastDay = away.slice(-24).reduce((sum, n) => sum + n, 0) / (24 * PER_HOUR);
  return {
    'failure-meter': { kind: 'values', values: [failed / (away.length * PER_HOUR)] },
    status: never(unwell, asks),
    'not-primary': { kind: 'values', values: [lastDay] },
    'burn-14': never(fast, away.length),
    'burn-6': { kind: 'values', values: [first((end) => burn(6, end) >= 6)] },
    'burn-1': { kind: 'values', values: [first((end) => burn(72, end) >= 1 && burn(6, end) >= 1)] },
  } as const;
}
