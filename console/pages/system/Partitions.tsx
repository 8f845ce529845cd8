import { bytes, plural } from '@midwatch/contracts/say';
import { Section } from '../../parts/Page.tsx';
import { dayTable, type Partition } from './days.ts';

/** Day partitions as days by tables: what retention drops is a row of this. */
export function Partitions({ partitions }: { readonly partitions: readonly Partition[] | undefined }) {
  if (!partitions || partitions.length === 0) return null;
  const { tables, days } = dayTable(partitions);
  const most = Math.max(...days.map((day) => day.total), 1);
  return (
    <Section title="Partitions" className="system-wide" aside={<span>{plural(days.length, 'day')}</span>}>
      <div className="table-scroll">
        <table className="table table-tight partitions">
          <caption className="sr">Size of each day by table</caption>
          <thead>
            <tr>
              <th scope="col">Day</th>
              {tables.map((table) => (
                <th key={table} scope="col" className="num">
                  {table}
                </th>
              ))}
              <th scope="col" className="num">
                Together
              </th>
              <th scope="col">
                <span className="sr">Share of the largest day</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {days.map((day) => (
              <tr key={day.day}>
                <th scope="row">{day.day}</th>
                {day.bytes.map((size, at) => (
                  <td key={tables[at]} className="num quiet">
                    {bytes(size)}
                  </td>
                ))}
                <td className="num">{bytes(day.total)}</td>
                <td className="partition-bar" aria-hidden="true">
                  <i style={{ width: `${(day.total / most) * 100}%` }} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
