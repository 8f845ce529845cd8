import type { Exchange } from '@midwatch/contracts';
import { compact, cost, shortId, span } from '@midwatch/contracts/say';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { neighboursQuery } from '../../data/queries.ts';
import { Outcome } from '../../parts/Outcome.tsx';
import { Section } from '../../parts/Page.tsx';
import { ErrorState, Skeleton } from '../../parts/states.tsx';
import { Time } from '../../parts/Time.tsx';

/** What came before and after in the same task, else thread, else from the same key. */
export function Neighbours({ exchange }: { readonly exchange: Exchange }) {
  const found = useQuery(neighboursQuery(exchange.id));
  const { place, who } = exchange;
  const what = place.task
    ? `task ${place.task}`
    : place.thread
      ? `thread ${place.thread}`
      : who.key
        ? 'the same key'
        : 'callers without a key';
  const filter = place.task
    ? { task: place.task }
    : place.thread
      ? { thread: place.thread }
      : who.key
        ? { key: who.key }
        : undefined;
  return (
    <Section
      title="Neighbours"
      aside={
        filter ? (
          <Link to="/exchanges" search={filter}>
            All of {what}
          </Link>
        ) : (
          <span>{what}</span>
        )
      }
    >
      {found.isPending ? <Skeleton lines={4} height={32} label="neighbours" /> : null}
      {found.isError ? <ErrorState error={found.error} retry={() => void found.refetch()} /> : null}
      {found.data && found.data.rows.length === 0 ? (
        <p className="quiet section-none">
          None. Callers tie exchanges together with the headers <code>x-midwatch-task</code> and{' '}
          <code>x-midwatch-thread</code>.
        </p>
      ) : null}
      {found.data && found.data.rows.length > 0 ? (
        <div className="table-scroll">
          <table className="table neighbours">
            <caption className="sr">Exchanges of {what}</caption>
            <thead>
              <tr>
                <th scope="col">Outcome</th>
                <th scope="col">Time</th>
                <th scope="col">Exchange</th>
                <th scope="col">Model</th>
                <th scope="col" className="num">
                  Total
                </th>
                <th scope="col" className="num">
                  Tokens
                </th>
                <th scope="col" className="num">
                  Cost
                </th>
              </tr>
            </thead>
            <tbody>
              {found.data.rows.slice(0, 50).map((row) => (
                <tr key={row.id} aria-current={row.id === exchange.id ? true : undefined}>
                  <td>
                    <Outcome outcome={row.outcome} />
                  </td>
                  <td>
                    <Time at={row.at} />
                  </td>
                  <td>
                    {row.id === exchange.id ? (
                      <span className="mono">{shortId(row.id)} this one</span>
                    ) : (
                      <Link to="/exchanges/$id" params={{ id: row.id }} className="mono">
                        {shortId(row.id)}
                      </Link>
                    )}
                  </td>
                  <td className="cell-value">{row.model}</td>
                  <td className="num">{span(row.totalMs)}</td>
                  <td className="num">
                    {compact(row.tokensIn)} → {compact(row.tokensOut)}
                  </td>
                  <td className="num">{cost(row.microUsd, row.costState)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </Section>
  );
}
