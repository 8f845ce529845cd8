import type { ExchangeDetail } from '@midwatch/contracts';
import { compact, cost, count, plural, span } from '@midwatch/contracts/say';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Outcome } from '../../parts/Outcome.tsx';
import { outcomeInfo } from '../../parts/outcomes.ts';
import { Time } from '../../parts/Time.tsx';
import { FailureNote } from './FailureNote.tsx';

const COST_NOTE: Readonly<Record<string, string>> = {
  free: 'nothing is billed',
  unpriced: 'no price is known',
  estimated: 'estimated',
};

/** What happened, in one line and eight numbers, before any detail. */
export function Summary({ detail }: { readonly detail: ExchangeDetail }) {
  const { exchange } = detail;
  const { usage, timing } = exchange;
  const tokensIn =
    usage.input + usage.cacheRead + usage.cacheWrite + usage.cacheWriteLong + usage.audioIn + usage.imageIn;
  const tokensOut = usage.output + usage.reasoning + usage.audioOut + usage.imageOut;
  const demoted = exchange.tier.served !== exchange.tier.intended;
  return (
    <header className="summary">
      <p className="summary-line">
        <span className={`summary-outcome is-${outcomeInfo(exchange.outcome).family}-text`}>
          <Outcome outcome={exchange.outcome} />
        </span>
        <Link to="/routes/$name" params={{ name: exchange.route }}>
          {exchange.route}
        </Link>
        <span className="summary-model" title={exchange.ask.model}>
          {exchange.ask.model}
        </span>
        <span className="quiet">
          <Time at={exchange.at} show="full" />
        </span>
        <span className="quiet">
          <Time at={exchange.at} show="ago" />
        </span>
      </p>
      <p className="summary-means">
        {isCanned(exchange)
          ? `No model answered; the caller got the canned reply of tier ${exchange.tier.served}.`
          : outcomeInfo(exchange.outcome).means}
      </p>
      {exchange.failure ? <FailureNote failure={exchange.failure} /> : null}
      <dl className="totals totals-exchange" aria-label="Summary">
        <Fact
          name="Status"
          value={String(exchange.status)}
          rest={exchange.ask.stream ? 'stream' : 'whole answer'}
        />
        <Fact
          name="Total"
          value={span(timing.total)}
          rest={timing.queued >= 0.005 ? `${span(timing.queued)} queued` : 'not queued'}
        />
        <Fact
          name="First token"
          value={span(timing.firstToken)}
          rest={timing.gaps ? `gap p99 ${span(timing.gaps.p99)}` : 'no stream'}
        />
        <Fact name="Own overhead" value={span(timing.overhead)} rest="inside Midwatch" />
        <Fact
          name="Tokens"
          value={`${compact(tokensIn)} → ${compact(tokensOut)}`}
          rest={
            usage.basis === 'reported'
              ? 'reported by provider'
              : usage.basis === 'estimated'
                ? 'estimated'
                : 'nothing to count'
          }
        />
        <Fact
          name="Cost"
          value={cost(exchange.cost.microUsd, exchange.cost.state)}
          rest={COST_NOTE[exchange.cost.state] ?? exchange.cost.priceVersion ?? 'exact'}
          alarm={exchange.cost.state === 'unpriced'}
        />
        <Fact
          name="Attempts"
          value={count(exchange.attempts.length)}
          rest={exchange.attempts.at(-1)?.provider ?? 'none made'}
        />
        <Fact
          name="Tier"
          value={exchange.tier.served}
          rest={
            demoted
              ? `instead of ${exchange.tier.intended}${exchange.tier.demotedBy ? `, by ${exchange.tier.demotedBy}` : ''}${exchange.tier.reason ? ` (${exchange.tier.reason})` : ''}`
              : 'as intended'
          }
          alarm={demoted}
        />
      </dl>
      {exchange.verdicts.length > 0 ? (
        <ul className="verdicts" aria-label={plural(exchange.verdicts.length, 'verdict')}>
          {exchange.verdicts.map((verdict) => (
            <li key={`${verdict.guard} ${verdict.version}`} data-decision={verdict.decision}>
              <strong>{verdict.decision}</strong> {verdict.guard} v{verdict.version}
              {verdict.evidence ? <span className="quiet"> {verdict.evidence}</span> : null}
            </li>
          ))}
        </ul>
      ) : null}
    </header>
  );
}

/** The caller got a whole answer, and no attempt is of the tier that gave it. */
const isCanned = ({ status, failure, attempts, tier }: ExchangeDetail['exchange']): boolean =>
  status === 200 && failure !== undefined && attempts.every((attempt) => attempt.tier !== tier.served);

function Fact({
  name,
  value,
  rest,
  alarm = false,
}: {
  readonly name: string;
  readonly value: string;
  readonly rest: ReactNode;
  readonly alarm?: boolean;
}) {
  return (
    <div className="total">
      <dt>{name}</dt>
      <dd className={alarm ? 'total-value num is-broken-text' : 'total-value num'}>{value}</dd>
      <dd className="total-rest num">{rest}</dd>
    </div>
  );
}
