import type { SpendBy, SpendReport, SpendRow } from '@midwatch/contracts';
import { compact, count, dollars, percent } from '@midwatch/contracts/say';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { RadioGroup } from 'radix-ui';
import { SPEND_WAYS, spendQuery } from '../../data/queries.ts';
import { Page, Section } from '../../parts/Page.tsx';
import { RangePicker } from '../../parts/RangePicker.tsx';
import { ErrorState, Skeleton } from '../../parts/states.tsx';
import { Budgets } from './Budgets.tsx';

const at = getRouteApi('/spend');

export function Spend() {
  const search = at.useSearch();
  const navigate = at.useNavigate();
  const { by = 'cause', ...window } = search;
  const report = useQuery(spendQuery(window, by));
  return (
    <Page
      title="Spend"
      controls={
        <RangePicker
          value={window}
          onChange={(range) => void navigate({ search: { range, ...(search.by ? { by: search.by } : {}) } })}
        />
      }
    >
      <div className="ledger">
        {report.isError && !report.data ? (
          <ErrorState error={report.error} retry={() => void report.refetch()} />
        ) : null}
        {report.isPending ? <Skeleton lines={6} label="spend" /> : null}
        {report.data ? (
          <>
            <Totals report={report.data} />
            <Section
              title="Where it went"
              aside={
                <By
                  value={by}
                  onChange={(next) =>
                    void navigate({ search: { ...window, ...(next === 'cause' ? {} : { by: next }) } })
                  }
                />
              }
              className="spend-where"
            >
              <Rows report={report.data} />
            </Section>
          </>
        ) : null}
        <Budgets />
      </div>
    </Page>
  );
}

function By({ value, onChange }: { readonly value: SpendBy; readonly onChange: (by: SpendBy) => void }) {
  return (
    <RadioGroup.Root
      className="segments"
      aria-label="Told apart by"
      orientation="horizontal"
      value={value}
      onValueChange={(next) => onChange(next as SpendBy)}
    >
      {SPEND_WAYS.map((way) => (
        <RadioGroup.Item key={way} value={way} className="segment">
          {way}
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}

function Totals({ report: { total } }: { readonly report: SpendReport }) {
  return (
    <dl className="totals spend-totals">
      <div className="total">
        <dt>Spend</dt>
        <dd className="total-value num">{dollars(total.microUsd)}</dd>
        <dd className="total-rest num">{count(total.attempts)} attempts</dd>
      </div>
      <div className="total">
        <dt>Wasted</dt>
        <dd className="total-value num">{dollars(total.wastedMicroUsd)}</dd>
        <dd className="total-rest">answers that nobody got</dd>
      </div>
      <div className="total">
        <dt>Estimated</dt>
        <dd className="total-value num">{dollars(total.estimatedMicroUsd)}</dd>
        <dd className="total-rest">not reported by the provider</dd>
      </div>
      <div className="total">
        <dt>Without a price</dt>
        <dd className="total-value num">
          {total.unpriced > 0 ? <span className="is-broken-text">{count(total.unpriced)}</span> : '0'}
        </dd>
        <dd className="total-rest">attempts</dd>
      </div>
      <div className="total">
        <dt>Tokens</dt>
        <dd className="total-value num">{compact(total.tokensIn + total.tokensOut)}</dd>
        <dd className="total-rest num">
          {compact(total.tokensIn)} in, {compact(total.tokensOut)} out
        </dd>
      </div>
    </dl>
  );
}

function Rows({ report: { by, rows, total } }: { readonly report: SpendReport }) {
  if (rows.length === 0)
    return <p className="quiet section-none">No attempt in this range: choose a longer one above.</p>;
  // Free models make no money; then attempts are what there is to compare.
  const weight = (row: SpendRow) =>
    total.microUsd > 0 ? row.microUsd / total.microUsd : row.attempts / Math.max(1, total.attempts);
  return (
    <div className="table-scroll">
      <table className="table spend-table">
        <caption className="sr">Spend by {by}, dearest first</caption>
        <thead>
          <tr>
            <th scope="col">{by}</th>
            <th scope="col">
              <span className="sr">Share as a bar</span>
            </th>
            <th scope="col" className="num">
              {total.microUsd > 0 ? 'Of all' : 'Of attempts'}
            </th>
            <th scope="col" className="num">
              Spend
            </th>
            <th scope="col" className="num">
              Wasted
            </th>
            <th scope="col" className="num">
              Attempts
            </th>
            <th scope="col" className="num">
              Tokens
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.rest ? '\0rest' : (row.name ?? '\0none')}>
              <th scope="row" className="cell-name" title={row.name}>
                {row.rest ? (
                  <span className="quiet">the rest</span>
                ) : (
                  (row.label ?? row.name ?? <span className="quiet">no {by}</span>)
                )}
              </th>
              <td className="spend-bar" aria-hidden="true">
                <i style={{ width: `${weight(row) * 100}%` }} />
              </td>
              <td className="num">{percent(weight(row))}</td>
              <td className="num">
                {dollars(row.microUsd)}
                {row.unpriced > 0 ? (
                  <strong className="is-broken-text"> +{count(row.unpriced)} unpriced</strong>
                ) : null}
              </td>
              <td className="num quiet">{dollars(row.wastedMicroUsd)}</td>
              <td className="num">{count(row.attempts)}</td>
              <td className="num quiet">{compact(row.tokensIn + row.tokensOut)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
