import type { WatchTotals } from '@midwatch/contracts';
import { compact, cost, count, dollars, span } from '@midwatch/contracts/say';
import {
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  sortFn_alphanumeric,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { type ReactNode, useMemo } from 'react';
import { Section } from '../../parts/Page.tsx';
import { Rate, Whisker, whiskerFloor } from '../../parts/Rate.tsx';

interface Row {
  readonly name: string;
  readonly totals: WatchTotals;
}
const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric },
});
const column = createColumnHelper<typeof features, Row>();

/** The same totals for each route or target, sortable: the worst of them is one click away. */
export function Breakdown({
  title,
  first,
  rows,
  link,
}: {
  readonly title: string;
  readonly first: string;
  readonly rows: readonly Row[];
  readonly link?: (name: string) => ReactNode;
}) {
  const floor = whiskerFloor(rows.map((row) => row.totals.good));
  const columns = useMemo(
    () =>
      column.columns([
        column.accessor('name', { header: first, sortFn: 'alphanumeric' }),
        column.accessor((row) => row.totals.exchanges, {
          id: 'exchanges',
          header: 'Exchanges',
        }),
        column.accessor((row) => row.totals.good.low, { id: 'good', header: 'Good' }),
        column.accessor((row) => row.totals.firstTokenMs?.p50 ?? -1, {
          id: 'first',
          header: 'First token',
        }),
        column.accessor((row) => row.totals.totalMs?.p50 ?? -1, {
          id: 'p50',
          header: 'Total p50',
        }),
        column.accessor((row) => row.totals.totalMs?.p95 ?? -1, {
          id: 'p95',
          header: 'Total p95',
        }),
        column.accessor((row) => row.totals.microUsd, { id: 'spend', header: 'Spend' }),
        column.accessor((row) => row.totals.wastedMicroUsd, {
          id: 'wasted',
          header: 'Wasted',
        }),
      ]),
    [first],
  );
  const table = useTable({
    features,
    columns,
    data: rows as Row[],
    getRowId: (row) => row.name,
    initialState: { sorting: [{ id: 'exchanges', desc: true }] },
    enableSortingRemoval: false,
  });
  if (rows.length === 0) return null;
  return (
    <Section title={title} aside={<span>{count(rows.length)}</span>}>
      <div className="table-scroll">
        <table className="table breakdown">
          <caption className="sr">{title}, totals of the range</caption>
          <thead>
            {table.getHeaderGroups().map((group) => (
              <tr key={group.id}>
                {group.headers.map((header) => {
                  const sorted = header.column.getIsSorted();
                  return (
                    <th
                      key={header.id}
                      scope="col"
                      data-column={header.column.id}
                      aria-sort={sorted === false ? 'none' : sorted === 'asc' ? 'ascending' : 'descending'}
                    >
                      <button
                        type="button"
                        className="sort"
                        onClick={header.column.getToggleSortingHandler()}
                      >
                        <table.FlexRender header={header} />
                        <span aria-hidden="true">
                          {sorted === 'asc' ? '↑' : sorted === 'desc' ? '↓' : ''}
                        </span>
                      </button>
                    </th>
                  );
                })}
              </tr>
            ))}
          </thead>
          <tbody>
            {table.getRowModel().rows.map(({ original: { name, totals } }) => (
              <tr key={name}>
                <th scope="row" className="cell-name">
                  {link ? link(name) : name}
                </th>
                <td className="num">{count(totals.exchanges)}</td>
                <td className="cell-rate">
                  <Whisker rate={totals.good} floor={floor} />
                  <Rate rate={totals.good} />
                  <span className="num quiet rate-n">n {compact(totals.good.n)}</span>
                </td>
                <td className="num">{span(totals.firstTokenMs?.p50)}</td>
                <td className="num">{span(totals.totalMs?.p50)}</td>
                <td className="num">{span(totals.totalMs?.p95)}</td>
                <td className="num">
                  {dollars(totals.microUsd)}
                  {totals.unpriced > 0 ? (
                    <strong className="is-broken-text">
                      {' '}
                      +{count(totals.unpriced)} {cost(0, 'unpriced')}
                    </strong>
                  ) : null}
                </td>
                <td className="num quiet">{dollars(totals.wastedMicroUsd)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
