import type { HoursView, HourView } from '@midwatch/contracts';
import { compact, plural, span } from '@midwatch/contracts/say';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { hoursQuery } from '../../data/queries.ts';
import { Section } from '../../parts/Page.tsx';
import { nameOf, scaleOf, WEEKDAYS } from './week.ts';

/** What is normal at each hour of the week, so that nobody blames a release for the time of day. */
export function Week() {
  const all = useQuery(hoursQuery).data ?? [];
  const [chosen, choose] = useState<string>();
  const view = all.find((one) => nameOf(one) === chosen) ?? all[0];
  if (!view) return null;
  return (
    <Section
      title="By the hour of the week"
      aside={
        <select
          className="select select-wide"
          aria-label="Target and size of its asks"
          value={nameOf(view)}
          onChange={({ target }) => choose(target.value)}
        >
          {all.map((one) => (
            <option key={nameOf(one)}>{nameOf(one)}</option>
          ))}
        </select>
      }
    >
      <p className="week-says">
        {view.now.says}
        <span className="quiet">
          {' · '}
          {view.zone}
          {view.now.recent
            ? ` · lately ${span(view.now.recent.p50)} (${plural(view.now.recent.n, 'answer')})`
            : ''}
          {view.acts
            ? view.now.timeout === undefined
              ? ''
              : ` · a first token is waited for ${span(view.now.timeout)}`
            : ' · timeouts go by it once four weeks are known'}
        </span>
      </p>
      {view.regime ? <p className="week-says is-broken-text">{view.regime.says}</p> : null}
      {view.perToken ? (
        <p className="week-says">
          <span className="quiet">Each token after it: </span>
          {view.perToken.now.says}
          <span className="quiet">
            {view.perToken.now.recent && view.perToken.now.normal
              ? ` · lately ${span(view.perToken.now.recent.p50)} a token, normal ${span(view.perToken.now.normal.p50)}`
              : ''}
          </span>
        </p>
      ) : null}
      {view.perToken?.regime ? <p className="week-says is-broken-text">{view.perToken.regime.says}</p> : null}
      {view.cells.length === 0 ? (
        <p className="quiet board-none">The first hour is not over yet.</p>
      ) : (
        <Heat view={view} />
      )}
    </Section>
  );
}

function Heat({ view }: { readonly view: HoursView }) {
  const { low, high, of } = scaleOf(view.cells);
  return (
    <>
      <div className="table-scroll">
        <table className="week num">
          <caption className="sr">First token, p95, by hour of the week</caption>
          <thead>
            <tr>
              <td />
              {Array.from({ length: 24 }, (_, hour) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: an hour is its place
                <th key={hour} scope="col">
                  {hour % 3 === 0 ? String(hour).padStart(2, '0') : <span className="sr">{hour}</span>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {WEEKDAYS.map((day, d) => (
              <tr key={day}>
                <th scope="row">{day}</th>
                {view.cells.slice(d * 24, d * 24 + 24).map((cell) => (
                  <Cell
                    key={cell.hour}
                    cell={cell}
                    day={day}
                    share={of(cell.p95)}
                    now={cell.hour === view.now.hour}
                  />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="week-key quiet small">
        <span className="num">{span(low)}</span>
        <i aria-hidden="true" />
        <span className="num">{span(high)}</span>
        <span>p95 to the first token · hatched: never seen, told from hours like it · framed: now</span>
      </p>
    </>
  );
}

function Cell({
  cell,
  day,
  share,
  now,
}: {
  readonly cell: HourView;
  readonly day: string;
  readonly share: number;
  readonly now: boolean;
}) {
  const said = `${day} ${String(cell.hour % 24).padStart(2, '0')}:00, p50 ${span(cell.p50)}, p95 ${span(cell.p95)}, p99 ${span(cell.p99)}, ${compact(cell.n)} seen`;
  return (
    <td
      title={said}
      data-now={now || undefined}
      data-unseen={cell.n === 0 || undefined}
      style={{ '--share': `${Math.round(share * 100)}%` } as React.CSSProperties}
    >
      <span className="sr">{said}</span>
    </td>
  );
}
