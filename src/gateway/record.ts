import type {
  Attempt,
  Cost,
  ExchangeFacts,
  Failure,
  FailureKind,
  Finished,
  Outcome,
  Reading,
  TierRecord,
  Timing,
  Verdict,
} from '#contracts';
import { NO_COST, NO_USAGE } from '#contracts';
import type { Still } from '#kernel';
import type { Gaps } from './gaps.ts';
import { round, roundIf } from './gaps.ts';
import { reasonOf } from './steer.ts';
import { servedBy, type Walk } from './walk.ts';

/** Route name of exchanges that never reached one: unreadable asks, unknown routes. */
export const NO_ROUTE = '-';

export interface Ending {
  readonly outcome: Outcome;
  readonly failure?: Failure;
  /** HTTP status that the caller saw. */
  readonly status: number;
  readonly reading?: Reading;
  /** Assembled, of an answer that no provider gave. */
  readonly canned?: Uint8Array;
  /** Tier that served, where that is not the one of the last attempt: a canned reply has no attempt. */
  readonly tier?: string;
  readonly gaps?: Gaps;
  /** Of the attempt that served, on the clock of the exchange. */
  readonly firstByte?: number;
  readonly firstToken?: number;
}

/** `still`: we stood still meanwhile. */
export function finish(walk: Walk, ending: Ending, now: number, still?: Still): Finished {
  const route = walk.route;
  const served = servedBy(walk);
  const intended = route?.tiers[0]?.name ?? '';
  const gaps = ending.gaps?.read();
  const timing: Timing = {
    queued: round(walk.queued),
    firstByte: roundIf(ending.firstByte),
    firstToken: roundIf(ending.firstToken),
    total: round(now - walk.start),
    overhead: round(walk.own),
    gaps,
  };
  const facts: ExchangeFacts = {
    id: walk.id,
    at: walk.at,
    kind: 'model',
    source: walk.source,
    route: route?.name ?? NO_ROUTE,
    protocol: walk.protocol.name,
    observed: ending.reading?.observed ?? {},
    who: walk.who,
    place: walk.place,
    ask: walk.facets,
    attempts: inOrder(walk.attempts),
    verdicts: verdictsOf(walk, ending.reading, still),
    tier: tierOf(walk, intended, ending.tier ?? served?.tier ?? intended, ending.failure?.kind),
    outcome: ending.outcome,
    failure: ending.failure,
    usage: served?.usage ?? NO_USAGE,
    cost: bill(walk.attempts),
    timing,
    status: ending.status,
    record: route?.config.record ?? 'full',
  };
  const answer = ending.reading?.message() ?? ending.canned;
  return { facts, declared: walk.declared, ask: walk.body, answer };
}

/**
 * Which tier was meant and which served; where they differ, why: who sent it there, else what the last try of the tier that
 * was left failed of, else why that was passed over, else what ended the exchange.
 */
function tierOf(walk: Walk, intended: string, served: string, ended: FailureKind | undefined): TierRecord {
  const { turn } = walk;
  const cell = turn?.cell;
  if (served === intended) return cell === undefined ? { intended, served } : { intended, served, cell };
  if (turn?.tier === served) return { intended, served, demotedBy: turn.by, reason: turn.reason, cell };
  if (walk.source === 'exercise') return { intended, served, demotedBy: 'exercise', reason: 'flag', cell };
  const failed = (tier: string | undefined) =>
    walk.attempts.findLast((a) => a.tier === tier && a.failure)?.failure?.kind;
  // It may have begun elsewhere and come on from there.
  const left = failed(intended) ?? failed(turn?.tier) ?? walk.passed;
  if (left === undefined && walk.spilled)
    return { intended, served, demotedBy: 'concurrency', reason: 'concurrency', cell };
  const by = left ?? ended ?? 'health';
  return { intended, served, demotedBy: by, reason: by === 'health' ? 'error' : reasonOf(by), cell };
}

const NO_VERDICTS: readonly Verdict[] = [];

/** What of the answer was changed on its way, whether we stood still meanwhile, why nobody finished one that broke off, and which version of its policy the route was held at. */
function verdictsOf(
  { taken, leftOut, alone, limit, attempts, route, leant }: Walk,
  reading: Reading | undefined,
  still: Still | undefined,
): readonly Verdict[] {
  const frozen = route?.frozen;
  if (
    !taken &&
    alone === undefined &&
    !reading?.malformed &&
    !reading?.forgotten &&
    frozen === undefined &&
    leftOut === undefined &&
    leant === undefined &&
    limit === undefined &&
    still === undefined
  )
    return NO_VERDICTS;
  const changed = (guard: string, evidence: string): Verdict => ({
    guard,
    version: 1,
    decision: 'change',
    evidence,
  });
  const found: Verdict[] = [];
  if (still)
    found.push({
      guard: 'own-lag',
      version: 1,
      decision: 'pass',
      evidence: `Midwatch itself stood still for ${((still.to - still.from) / 1_000).toFixed(1)} s; times and silences of this exchange are held against nobody`,
    });
  if (limit)
    found.push(
      changed('max-tokens', `${limit.tokens}, above 99.5 % of ${limit.of} answers; the caller named none`),
    );
  if (reading?.malformed) found.push(changed('stream-events', `${reading.malformed} malformed left out`));
  if (reading?.forgotten)
    found.push({
      guard: 'record',
      version: 1,
      decision: 'pass',
      evidence: 'too large to keep beside others',
    });
  if (leftOut !== undefined) found.push(changed('answer-headers', `too large to pass on: ${leftOut}`));
  if (taken) {
    const heir = attempts.find(({ cause }) => cause === 'takeover');
    const by = taken.by === 'instruction' || taken.by === 'restart' ? taken.by : 'prefill';
    found.push(
      changed(
        'takeover',
        `${taken.after} after ${taken.at} characters, continued by ${heir?.provider}/${heir?.model} (${by})`,
      ),
    );
  }
  if (alone !== undefined)
    found.push({ guard: 'takeover', version: 1, decision: 'pass', evidence: `not taken over: ${alone}` });
  for (const { tier, target, state, chosen } of leant ?? [])
    found.push({
      guard: 'proof',
      version: 1,
      decision: chosen === undefined ? 'pass' : 'flag',
      evidence: `${tier} (${target}) is ${state}, asked ${chosen === undefined ? 'for need' : `by choice: ${chosen}`}`,
    });
  if (frozen !== undefined) found.push({ guard: 'freeze', version: 1, decision: 'pass', evidence: frozen });
  return found;
}

/** A hedge may end before the try that it was to help. */
const inOrder = (attempts: readonly Attempt[]): readonly Attempt[] =>
  attempts.length < 2 ? attempts : attempts.toSorted((a, b) => a.number - b.number);

/** From sure to alarming; a bill is as sure as its least sure part. */
const CERTAINTY: readonly Cost['state'][] = ['free', 'exact', 'estimated', 'unpriced'];

/** What all attempts together add to the bill. */
export function bill(attempts: readonly Attempt[]): Cost {
  if (attempts.length === 1) return (attempts[0] as Attempt).cost;
  return attempts.reduce<Cost>((sum, { cost }) => {
    const parts: Record<string, number> = { ...sum.parts };
    for (const [kind, amount] of Object.entries(cost.parts ?? {})) parts[kind] = (parts[kind] ?? 0) + amount;
    const priceVersion = cost.priceVersion ?? sum.priceVersion;
    return {
      microUsd: sum.microUsd + cost.microUsd,
      state: CERTAINTY.indexOf(cost.state) > CERTAINTY.indexOf(sum.state) ? cost.state : sum.state,
      ...(priceVersion && { priceVersion }),
      ...(Object.keys(parts).length > 0 && { parts }),
    };
  }, NO_COST);
}

/** A micro-dollar amount as dollars, exact to the last digit. */
export function dollars(microUsd: number): string {
  const whole = Math.floor(microUsd / 1e6);
  return `${whole}.${String(microUsd - whole * 1e6).padStart(6, '0')}`;
}
