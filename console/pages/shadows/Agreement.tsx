import type { RateView, ShadowView } from '@midwatch/contracts';
import { Rate } from '../../parts/Rate.tsx';

/** How often each side did well, and how often both did the same. */
export function Agreement({ row: { good, agree } }: { readonly row: ShadowView }) {
  const lines: readonly (readonly [string, RateView | undefined])[] = [
    ['Served, ended well', good.served],
    ['Copy, ended well', good.shadow],
    ['Served, is JSON as asked', agree.json?.served],
    ['Copy, is JSON as asked', agree.json?.shadow],
    ['Both ended the same way', agree.end],
    ['Both called the same tools', agree.tools],
    ['… with the same arguments', agree.args],
  ];
  return (
    <table className="table table-tight">
      <caption className="sr">Agreement of answers and their copies</caption>
      <thead>
        <tr>
          <td />
          <th scope="col" className="num">
            Of pairs, 95 % interval
          </th>
        </tr>
      </thead>
      <tbody>
        {lines.map(([name, rate]) =>
          rate ? (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="num">
                <Rate rate={rate} />
              </td>
            </tr>
          ) : null,
        )}
      </tbody>
    </table>
  );
}
