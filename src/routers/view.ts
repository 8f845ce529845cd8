import type { RouterArmView, RouterView } from '#contracts';
import { count, dollars, percent, plural } from '#contracts/say';
import {
  costPerSolved,
  type RouterCostState,
  regretTable,
  type ScoredPair,
  scored,
  type TierTrust,
  trust,
  tuneThreshold,
} from '#kernel/router';
import type { Calls } from './books.ts';
import type { Assignment, DeskReading } from './desk.ts';

/** A router with its books as a person reads them. */
export function viewOf({ route, config }: Assignment, reading: DeskReading): RouterView {
  const { books, classifier, open, escalation } = reading;
  const { cheap, dear, holdback, tasks: planned, badAnswerUsd } = config;
  const { cost, calls, before } = books;
  const decided = reading.verdict === 'undecided' && before ? before.verdict : reading.verdict;
  const last = reading.last ?? before?.last;
  const [router, frontier] = [costPerSolved(cost.router), costPerSolved(cost.frontier)];
  const regret = regretTable(books.pairs, badAnswerUsd * 1e6);
  const asked = scored(books.pairs);
  const first = (arm: 'router' | 'frontier') => calls[arm].firstMicroUsd / cost[arm].n;
  return {
    route,
    cheap,
    dear,
    decidedBy: config.classifier ? 'classifier' : 'rules',
    since: books.since,
    verdict: decided,
    final: reading.final,
    says: saying(reading, decided, planned),
    tasks: { closed: cost.router.n + cost.frontier.n, planned, open },
    holdback,
    router: armOf(cost.router, calls.router),
    frontier: armOf(cost.frontier, calls.frontier),
    ...(last && { difference: differenceOf(last) }),
    ...(before && {
      before: {
        verdict: before.verdict,
        until: before.until,
        ...(before.last && { difference: differenceOf(before.last) }),
      },
    }),
    ...(first('frontier') > 0 && cost.router.n > 0 && { onPaper: 1 - first('router') / first('frontier') }),
    ...(router && frontier && frontier.cps > 0 && { saved: 1 - router.cps / frontier.cps }),
    escalation,
    ...(regret && {
      regret: {
        pairs: regret.n,
        rightCheap: bare(regret.rightCheap),
        falseCheap: bare(regret.falseCheap),
        rightDear: bare(regret.rightDear),
        falseDear: bare(regret.falseDear),
        microUsd: bare(regret.regret),
      },
    }),
    ...(config.classifier && asked.length >= ENOUGH && { tuned: tunedOf(asked, badAnswerUsd * 1e6) }),
    unpriced: books.unpriced,
    ...(config.classifier && {
      classifier: {
        ...classifier,
        threshold: config.classifier.threshold,
        pairs: asked.length,
        wanted: ENOUGH,
        ...(asked.length >= ENOUGH && { calibration: calibrationOf(asked) }),
      },
    }),
  };
}

/** Pairs with a word of the classifier from which anything may be said of it. */
const ENOUGH = 100;

function tunedOf(pairs: readonly ScoredPair[], lambda: number): NonNullable<RouterView['tuned']> {
  const { threshold, value, present, gain, escalation } = tuneThreshold(pairs, lambda);
  return {
    threshold,
    microUsd: value,
    present,
    gain: bare(gain),
    // No difference on any pair, or a worse one, is an answer too; an interval around 0 is none.
    verdict: gain.lower > 0 ? 'better' : gain.upper <= 0 ? 'keep' : 'undecided',
    escalation: bare(escalation),
  };
}

function calibrationOf(
  pairs: readonly ScoredPair[],
): NonNullable<NonNullable<RouterView['classifier']>['calibration']> {
  const { ece, eceByChance, brier, bins, cheap, dear } = trust(pairs);
  const tier = ({ stated, enough }: TierTrust) => ({ stated, enough: bare(enough), n: enough.n });
  return {
    ece,
    byChance: eceByChance,
    brier,
    ...(cheap && { cheap: tier(cheap) }),
    ...(dear && { dear: tier(dear) }),
    bins: bins.map(({ confidence, n, ...enough }) => ({ stated: confidence, enough: bare(enough), n })),
  };
}

const bare = ({
  estimate,
  lower,
  upper,
}: {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}) =>
  // JSON has no infinity; one pair bounds nothing.
  ({ estimate, lower, upper: Number.isFinite(upper) ? upper : estimate });

function armOf(arm: RouterCostState['router'], { exchanges }: Calls): RouterArmView {
  const per = costPerSolved(arm);
  const half = per && 1.96 * Math.sqrt(per.variance);
  return {
    tasks: arm.n,
    exchanges,
    solved: arm.solved,
    microUsd: arm.cost,
    ...(per &&
      half !== undefined && {
        perSolved: { estimate: per.cps, lower: Math.max(0, per.cps - half), upper: per.cps + half },
      }),
  };
}

const differenceOf = ({ difference, lower, upper, n }: NonNullable<RouterCostState['last']>) => ({
  estimate: difference,
  lower,
  upper,
  n,
});

function saying({ books, verdict, last, escalation }: DeskReading, decided: string, planned: number): string {
  const { cost, before } = books;
  const closed = cost.router.n + cost.frontier.n;
  const seen = last ?? before?.last;
  const interval = seen
    ? `a solved task costs ${dollars(seen.difference)} against the holdback (${dollars(seen.lower)} to ${dollars(seen.upper)}, ${plural(seen.n, 'task')})`
    : `${count(closed)} of ${plural(planned, 'task')} are closed`;
  const when = verdict === 'undecided' && before ? ', by the books before these' : '';
  const found = escalation.finding
    ? ` It sends ${percent(escalation.estimate ?? 0)} to the dear model, planned were ${percent(escalation.declared)}.`
    : '';
  return `${{ saves: 'It saves', loses: 'It loses', undecided: 'Undecided' }[decided]}: ${interval}${when}.${found}`;
}
