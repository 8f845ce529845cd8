import type { RateView, WatchTotals } from '@midwatch/contracts';
import { compact, count, dollars, interval, percent, span } from '@midwatch/contracts/say';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Slice } from '../../data/window.ts';
import { Whisker, whiskerFloor } from '../../parts/Rate.tsx';

export function Totals({
  totals,
  window,
  slice,
}: {
  readonly totals: WatchTotals;
  readonly window: { readonly from: number; readonly to: number };
  readonly slice: Slice;
}) {
  const floor = whiskerFloor([totals.good, totals.clean]);
  const evidence = { from: window.from, to: window.to, ...slice };
  return (
    <dl className="totals" aria-label="Totals of the range">
      <Total name="Exchanges" value={compact(totals.exchanges)}>
        {count(totals.attempts)} attempts
      </Total>
      <RateTotal name="Good" rate={totals.good} floor={floor}>
        <Link to="/exchanges" search={{ ...evidence, outcome: 'bad' }}>
          {count(totals.good.n - totals.good.count)} not good
        </Link>
      </RateTotal>
      <RateTotal name="Clean" hint="Good at the first attempt" rate={totals.clean} floor={floor}>
        <Link to="/exchanges" search={{ ...evidence, outcome: 'good', attempts: 2 }}>
          {count(totals.good.count - totals.clean.count)} by a later try
        </Link>
      </RateTotal>
      <Total name="First token" value={span(totals.firstTokenMs?.p50)}>
        p95 {span(totals.firstTokenMs?.p95)}
      </Total>
      <Total name="Total time" value={span(totals.totalMs?.p50)}>
        p95 {span(totals.totalMs?.p95)} · p99 {span(totals.totalMs?.p99)}
      </Total>
      <Total name="Own overhead" value={span(totals.overheadMs?.p50)}>
        p99 {span(totals.overheadMs?.p99)}
      </Total>
      <Total name="Spend" value={dollars(totals.microUsd)}>
        {totals.unpriced > 0 ? (
          <strong className="is-broken-text">{count(totals.unpriced)} unpriced</strong>
        ) : (
          <span title="Spent on attempts whose answer nobody got">
            {dollars(totals.wastedMicroUsd)} wasted
          </span>
        )}
      </Total>
      <Total name="Tokens" value={compact(totals.tokensIn + totals.tokensOut)}>
        {compact(totals.tokensIn)} in · {compact(totals.tokensOut)} out
      </Total>
    </dl>
  );
}

function Total({
  name,
  value,
  children,
}: {
  readonly name: string;
  readonly value: string;
  readonly children: ReactNode;
}) {
  return (
    <div className="total">
      <dt>{name}</dt>
      <dd className="total-value num">{value}</dd>
      <dd className="total-rest num">{children}</dd>
    </div>
  );
}

function RateTotal({
  name,
  hint,
  rate,
  floor,
  children,
}: {
  readonly name: string;
  readonly hint?: string;
  readonly rate: RateView;
  readonly floor: number;
  readonly children: ReactNode;
}) {
  const none = rate.n === 0;
  return (
    <div
      className="total"
      title={`${hint ? `${hint}. ` : ''}95 % interval; the whisker runs from ${percent(floor)} to 100 %`}
    >
      <dt>{name}</dt>
      <dd className="total-value num">
        {none ? 'no data' : percent(rate.rate)}{' '}
        {none ? null : <span className="total-interval">{interval(rate.low, rate.high)}</span>}
      </dd>
      {none ? null : (
        <dd className="total-rest num">
          <Whisker rate={rate} floor={floor} />
          <span>
            n {compact(rate.n)} · {children}
          </span>
        </dd>
      )}
    </div>
  );
}
