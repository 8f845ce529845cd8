import {
  type Attempt,
  type ExchangeFacts,
  type ExchangeFilter,
  type ExchangeRow,
  isGood,
  isTraffic,
} from '#contracts';

/** One line of a list from facts that have not been through the database yet; equal to the stored row, names of undefined members left out. */
export function rowOf(facts: ExchangeFacts): ExchangeRow {
  const { usage, timing, who, place } = facts;
  const final = answering(facts);
  const servedModel = facts.observed.model ?? final?.model;
  return {
    id: facts.id,
    at: facts.at,
    route: facts.route,
    protocol: facts.protocol,
    source: facts.source,
    model: facts.ask.model,
    ...(servedModel !== undefined && { servedModel }),
    ...(final && { provider: final.provider }),
    tier: facts.tier.served,
    ...(facts.tier.demotedBy !== undefined && { demotedBy: facts.tier.demotedBy }),
    outcome: facts.outcome,
    ...(facts.failure && { failure: facts.failure.kind }),
    status: facts.status,
    stream: facts.ask.stream,
    attempts: facts.attempts.length,
    totalMs: timing.total,
    ...(timing.firstToken !== undefined && { firstTokenMs: timing.firstToken }),
    overheadMs: timing.overhead,
    tokensIn:
      usage.input + usage.cacheRead + usage.cacheWrite + usage.cacheWriteLong + usage.audioIn + usage.imageIn,
    tokensOut: usage.output + usage.reasoning + usage.audioOut + usage.imageOut,
    microUsd: facts.cost.microUsd,
    costState: facts.cost.state,
    ...(who.key !== undefined && { key: who.key }),
    ...(who.feature !== undefined && { feature: who.feature }),
    ...(who.user !== undefined && { user: who.user }),
    ...(place.task !== undefined && { task: place.task }),
    ...(place.thread !== undefined && { thread: place.thread }),
  };
}

/** The attempt whose answer the caller got; a hedge may be started after the attempt that wins. */
const answering = ({ attempts, outcome }: ExchangeFacts): Attempt | undefined =>
  attempts.findLast((attempt) => attempt.outcome === outcome) ?? attempts.at(-1);

/** Whether the list with this filter would show the exchange. `release` is derived after recording and cannot be asked here. */
export function matches(filter: ExchangeFilter, facts: ExchangeFacts): boolean {
  const equal = (wanted: string | undefined, value: string | undefined) =>
    wanted === undefined || wanted === value;
  return (
    (filter.from === undefined || facts.at >= filter.from) &&
    (filter.to === undefined || facts.at < filter.to) &&
    equal(filter.route, facts.route) &&
    equal(filter.provider, answering(facts)?.provider) &&
    (filter.model === undefined ||
      [facts.ask.model, facts.observed.model, answering(facts)?.model].includes(filter.model)) &&
    endsAs(filter.outcome, facts) &&
    equal(filter.key, facts.who.key) &&
    equal(filter.tenant, facts.who.tenant) &&
    equal(filter.user, facts.who.user) &&
    equal(filter.feature, facts.who.feature) &&
    equal(filter.task, facts.place.task) &&
    equal(filter.thread, facts.place.thread) &&
    (filter.source === undefined
      ? isTraffic(facts.source)
      : filter.source === 'all' || filter.source === facts.source) &&
    facts.attempts.length >= (filter.attempts ?? 0) &&
    facts.timing.total >= (filter.slower ?? 0) &&
    facts.cost.microUsd >= (filter.dearer ?? 0)
  );
}

function endsAs(wanted: ExchangeFilter['outcome'], facts: ExchangeFacts): boolean {
  if (wanted === undefined) return true;
  if (wanted === 'good') return isGood(facts.outcome);
  if (wanted === 'bad') return !isGood(facts.outcome);
  return wanted === facts.outcome;
}
