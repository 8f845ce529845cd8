import type { RateView, ShadowView } from '@midwatch/contracts';
import { NONE } from '../../parts/format.ts';
import { Rate } from '../../parts/Rate.tsx';

/** How often each side did well, and how often both did the same. */
export function Agreement({ row: { good, agree } }: { readonly row: ShadowView }) {
  const lines: readonly (readonly [string, RateView?, RateView?, RateView?])[] = [
    ['ended well', good.served, good.shadow, good.both],
    ['ended the same way', undefined, undefined, agree.end],
    ...(agree.json ? [['is JSON, as asked', agree.json.served, agree.json.shadow] as const] : []),
    ...(agree.tools ? [['called the same tools', undefined, undefined, agree.tools] as const] : []),
    ...(agree.args ? [['with the same arguments', undefined, undefined, agree.args] as const] : []),
  ];
  return (
    <div className="table-scroll">
      <table className="table table-tight">
        <caption className="sr">Agreement of answers and their copies</caption>
        <thead>
          <tr>
            <td />
            <th scope="col" className="num">
              Served
            </th>
            <th scope="col" className="num">
              Copy
            </th>
            <th scope="col" className="num">
              Both
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map(([name, ...rates]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {(['served', 'copy', 'both'] as const).map((column, i) => (
                <td key={column} className="num">
                  {rates[i] ? <Rate rate={rates[i]} /> : <span className="quiet">{NONE}</span>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
