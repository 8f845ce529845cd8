import { type Attention, isGood, OUTCOMES, type Outcome, type WatchTotals } from '#contracts';
import { dollars, plural, rate } from '#contracts/say';
import type { AttentionFacts } from './attention.ts';
import { rateOf } from './say.ts';

/** Fewer exchanges than this before, and their absence says nothing. */
const TALKATIVE = 20;
/** Fewer than this, and "most answers are bad" is an anecdote even where the interval allows it. */
const SOME = 5;
/** A fall of this size is an alarm; a smaller one whose intervals are apart, a warning. */
const LARGE_FALL = 0.1;

/** Ends that hide behind a status of 200: whoever counts statuses sees a success. */
const HIDDEN: readonly Outcome[] = ['cut', 'stalled', 'invalid'];
/** Surely more of them than this is worth a look whatever was before; networks alone break off fewer. */
const HIDDEN_SHARE = 0.005;

type RouteTotals = WatchTotals & { readonly route: string };

/** What the traffic says: silence, bad ends, second attempts, money nobody can count and money nobody got anything for. */
export function trafficAttention(facts: AttentionFacts): Attention[] {
  const { window, before } = facts;
  const earlier = new Map(before.byRoute.map((r) => [r.route, r]));
  // Sorting by level later keeps this order: within one level the route with the most callers in trouble comes first.
  const inTrouble = ({ good }: WatchTotals) => good.n - good.count;
  const perRoute = window.byRoute
    .toSorted((a, b) => inTrouble(b) - inTrouble(a))
    .flatMap((now) => [
      ...ends(facts, now, earlier.get(now.route)),
      ...retries(facts, now, earlier.get(now.route)),
    ]);
  return [...silence(facts), ...unpriced(facts), ...perRoute, ...waste(facts)];
}

const listOf = (facts: AttentionFacts, filter: Readonly<Record<string, string>>): string =>
  `/exchanges?${new URLSearchParams({ ...filter, from: String(facts.from), to: String(facts.to) })}`;

function silence({ window, before }: AttentionFacts): Attention[] {
  const now = new Map(window.byRoute.map((r) => [r.route, r.exchanges]));
  return before.byRoute
    .filter((then) => then.exchanges >= TALKATIVE && !now.get(then.route))
    .map((then) => ({
      level: 'warn',
      what: `${then.route}: no exchange in this period`,
      why: `There were ${then.exchanges} in the period before.`,
      todo: 'Check that its callers still run and still point at Midwatch.',
      link: `/routes/${encodeURIComponent(then.route)}`,
    }));
}

function unpriced(facts: AttentionFacts): Attention[] {
  const { totals, byTarget } = facts.window;
  if (totals.unpriced === 0) return [];
  const targets = byTarget.filter((t) => t.unpriced > 0).map((t) => t.target);
  return [
    {
      level: 'alarm',
      what: `${plural(totals.unpriced, 'exchange')} of ${totals.exchanges} without a price`,
      why: `${targets.length ? `No price is known for ${targets.slice(0, 3).join(', ')}${targets.length > 3 ? ` and ${targets.length - 3} more` : ''}.` : 'No price is known for some target.'} The spend shown is a lower bound.`,
      todo: 'Write the prices into the configuration under providers.<name>.prices, or set free: true where nothing is billed.',
      link: listOf(facts, {}),
    },
  ];
}

/** Name that the gateway gives to asks that found none: of them no end can be good. */
const NO_ROUTE = '-';

/** Good ends: apart from the period before, or most of them missing whatever was before. */
function ends(facts: AttentionFacts, now: RouteTotals, then: WatchTotals | undefined): Attention[] {
  const link = listOf(facts, { route: now.route, outcome: 'bad' });
  if (now.route === NO_ROUTE)
    return now.exchanges < SOME
      ? []
      : [
          {
            level: 'warn',
            what: `${plural(now.exchanges, 'ask')} reached no route`,
            why: 'They were refused first: unreadable, for a model or route that nobody serves, not allowed, or while Midwatch was starting or stopping.',
            todo: 'Open them: each names its reason and who asked.',
            link,
          },
        ];
  if (now.exchanges >= SOME && now.good.high < 0.5)
    return [
      {
        level: 'alarm',
        what: `${now.route}: most answers are not good`,
        why: `Good: ${rate(now.good)}. Most frequent bad end: ${worst(now)}.`,
        todo: 'Open the exchanges and look at the failures of their attempts.',
        link,
      },
    ];
  // Intervals apart is stricter than a test at 5 %; with a dozen routes looked at all day, that is wanted.
  if (!then || then.exchanges === 0 || now.exchanges === 0 || now.good.high >= then.good.low)
    return hidden(facts, now);
  const fall = then.good.rate - now.good.rate;
  return [
    {
      level: fall >= LARGE_FALL ? 'alarm' : 'warn',
      what: `${now.route}: fewer good answers than before`,
      why: `Good: ${rate(now.good)}; before: ${rate(then.good)}. Grown most: ${grown(now, then)}.`,
      todo: 'Compare with the change events of the same time, then open the exchanges.',
      link,
    },
  ];
}

function hidden(facts: AttentionFacts, now: RouteTotals): Attention[] {
  const counted = HIDDEN.map((outcome) => ({ outcome, n: now.outcomes[outcome] ?? 0 })).filter(
    ({ n }) => n > 0,
  );
  const broken = rateOf(
    counted.reduce((sum, { n }) => sum + n, 0),
    now.exchanges,
  );
  if (broken.count === 0 || broken.low < HIDDEN_SHARE) return [];
  const [most] = counted.toSorted((a, b) => b.n - a.n);
  return [
    {
      level: 'warn',
      what: `${now.route}: answers broke off behind a status of 200`,
      why: `Broken: ${rate(broken)} (${counted.map(({ outcome, n }) => `${n} ${outcome}`).join(', ')}).`,
      todo: 'Open them: each shows what had arrived, when it stopped, and which target served it.',
      link: listOf(facts, { route: now.route, outcome: most?.outcome ?? 'bad' }),
    },
  ];
}

function retries(facts: AttentionFacts, now: RouteTotals, then: WatchTotals | undefined): Attention[] {
  if (!then || then.exchanges === 0 || now.exchanges === 0 || now.clean.high >= then.clean.low) return [];
  // When the answers themselves got worse, that has been said already.
  if (now.good.high < then.good.low) return [];
  return [
    {
      level: 'warn',
      what: `${now.route}: more answers need a second attempt`,
      why: `Good at the first attempt: ${rate(now.clean)}; before: ${rate(then.clean)}.`,
      todo: 'The callers do not notice yet, the bill does. Look at the first attempts.',
      link: listOf(facts, { route: now.route, attempts: '2' }),
    },
  ];
}

function waste(facts: AttentionFacts): Attention[] {
  const { microUsd, wastedMicroUsd } = facts.window.totals;
  if (wastedMicroUsd < 1e6 || wastedMicroUsd < microUsd * 0.05) return [];
  return [
    {
      level: 'warn',
      what: `${dollars(wastedMicroUsd)} of ${dollars(microUsd)} bought answers that nobody got`,
      why: 'Attempts were billed whose answer was lost, replaced or not waited for.',
      todo: 'Look at the exchanges with several attempts, and at timeouts shorter than the provider needs.',
      link: listOf(facts, { attempts: '2' }),
    },
  ];
}

const share = (totals: WatchTotals, outcome: Outcome): number =>
  (totals.outcomes[outcome] ?? 0) / Math.max(1, totals.exchanges);

const bad = OUTCOMES.filter((outcome) => !isGood(outcome));

function worst(now: WatchTotals): string {
  const [outcome] = bad.toSorted((a, b) => share(now, b) - share(now, a));
  return `${outcome} (${now.outcomes[outcome as string] ?? 0} of ${now.exchanges})`;
}

function grown(now: WatchTotals, then: WatchTotals): string {
  const growth = (outcome: Outcome) => share(now, outcome) - share(then, outcome);
  const [outcome] = bad.toSorted((a, b) => growth(b) - growth(a)) as [Outcome];
  return `${outcome} (${now.outcomes[outcome] ?? 0} of ${now.exchanges}; before ${then.outcomes[outcome] ?? 0} of ${then.exchanges})`;
}
