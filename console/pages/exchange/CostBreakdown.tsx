import type { ExchangeDetail } from '@midwatch/contracts';
import { compact, cost, count, dollars } from '@midwatch/contracts/say';
import { Section } from '../../parts/Page.tsx';
import { costTable } from './facts.ts';

export function CostBreakdown({ detail: { exchange } }: { readonly detail: ExchangeDetail }) {
  const { lines, attempts, off } = costTable(exchange);
  const many = attempts.length > 1;
  return (
    <Section title="Cost" aside={<span>{exchange.cost.priceVersion ?? exchange.cost.state}</span>}>
      <div className="table-scroll">
        <table className="table table-tight table-cost">
          <caption className="sr">Tokens and cost by kind{many ? ' and attempt' : ''}</caption>
          <thead>
            <tr>
              <th scope="col">Kind</th>
              <th scope="col" className="num">
                Tokens
              </th>
              {many
                ? attempts.map((attempt) => (
                    <th key={attempt.number} scope="col" className="num">
                      <span className="sr">Attempt </span>
                      {attempt.number}
                    </th>
                  ))
                : null}
              <th scope="col" className="num">
                Cost
              </th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <tr key={line.kind}>
                <th scope="row">{line.kind}</th>
                <td className="num">{count(line.tokens)}</td>
                {many
                  ? line.microUsd.map((microUsd, at) => (
                      <td key={attempts[at]?.number} className="num quiet">
                        {dollars(microUsd)}
                      </td>
                    ))
                  : null}
                <td className="num">{dollars(line.total)}</td>
              </tr>
            ))}
            {lines.length === 0 ? (
              <tr>
                <td colSpan={many ? 3 + attempts.length : 3} className="quiet">
                  No tokens were counted.
                </td>
              </tr>
            ) : null}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">All</th>
              <td className="num">{compact(lines.reduce((sum, line) => sum + line.tokens, 0))}</td>
              {many
                ? attempts.map((attempt) => (
                    <td key={attempt.number} className="num">
                      {cost(attempt.cost.microUsd, attempt.cost.state)}
                    </td>
                  ))
                : null}
              <td className="num">{cost(exchange.cost.microUsd, exchange.cost.state)}</td>
            </tr>
          </tfoot>
        </table>
      </div>
      {off === 0 ? null : (
        <p className="is-broken-text section-none">
          The attempts cost {dollars(Math.abs(off))} {off > 0 ? 'less' : 'more'} than the exchange says.
          Please report this.
        </p>
      )}
    </Section>
  );
}
