import type { RatioView, ShadowView } from '@midwatch/contracts';
import { count, percent, times } from '@midwatch/contracts/say';

const NAMES = [
  ['cost', 'Cost'],
  ['latency', 'Time'],
  ['firstToken', 'First token'],
  ['length', 'Length'],
] as const;
/** The scale goes from a quarter to four times, so that twice and half lie equally far from one. */
const WIDEST = 4;

/** Copy over served, pair by pair, of pairs in which both ended well. */
export function Ratios({ row }: { readonly row: ShadowView }) {
  const shown = NAMES.flatMap(([key, name]) => (row[key] ? [[name, row[key]] as const] : []));
  if (shown.length === 0)
    return <p className="quiet section-none">No pair in which both ended well: nothing to measure.</p>;
  return (
    <table className="table table-tight">
      <caption className="sr">The copy against what was served: medians of pairs</caption>
      <thead>
        <tr>
          <td />
          <th scope="col" className="num">
            Copy ÷ served
          </th>
          <th scope="col" className="num shadow-wide">
            95 % interval
          </th>
          <td className="shadow-strip">
            <span className="shadow-scale" aria-hidden="true">
              <i>¼ ×</i>
              <i>1 ×</i>
              <i>4 ×</i>
            </span>
          </td>
        </tr>
      </thead>
      <tbody>
        {shown.map(([name, ratio]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td className="num">{times(ratio.median)}</td>
            <td className="num quiet shadow-wide">
              {ratio.low === undefined || ratio.high === undefined
                ? `${count(ratio.n)} pairs: too few`
                : `${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)}`}
            </td>
            <td className="shadow-strip">
              <Strip ratio={ratio} />
            </td>
          </tr>
        ))}
        {row.similarity ? (
          <tr>
            <th scope="row">Words shared</th>
            <td className="num">{percent(row.similarity.median)}</td>
            <td className="quiet" colSpan={2}>
              of three-word runs
            </td>
          </tr>
        ) : null}
      </tbody>
    </table>
  );
}

function Strip({ ratio: { median, low = median, high = median } }: { readonly ratio: RatioView }) {
  // What lies beyond the scale stands at its end.
  const x = (value: number): number =>
    50 + 49 * Math.max(-1, Math.min(1, Math.log(Math.max(value, 1e-9)) / Math.log(WIDEST)));
  return (
    <svg className="whisker" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <line className="whisker-rail" x1="0" x2="100" y1="4" y2="4" />
      <line className="whisker-rail" x1="50" x2="50" y1="0" y2="8" />
      <line className="whisker-span" x1={x(low)} x2={Math.max(x(high), x(low) + 1)} y1="4" y2="4" />
      <line className="whisker-mid" x1={x(median)} x2={x(median)} y1="0.5" y2="7.5" />
    </svg>
  );
}
