import type { ShadowSide, ShadowView } from '@midwatch/contracts';
import { cost, plural, span } from '@midwatch/contracts/say';
import { Link } from '@tanstack/react-router';
import { Outcome } from '../../parts/Outcome.tsx';
import { Time } from '../../parts/Time.tsx';
import { differences } from './differences.ts';

/** The newest pairs that do not agree, each with both of its exchanges one click away. */
export function Differences({ row: { differing, pairs } }: { readonly row: ShadowView }) {
  if (differing.length === 0)
    return (
      <p className="quiet section-none">
        {pairs === 1 ? 'The one pair agrees' : `All ${plural(pairs, 'pair')} agree`} in how they ended, in
        tools, arguments and JSON; words may differ.
      </p>
    );
  return (
    <div className="table-scroll">
      <table className="table table-tight shadow-differences">
        <caption>Where they differ, newest first</caption>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Served</th>
            <th scope="col">Copy</th>
            <th scope="col">Difference</th>
            <th scope="col" className="num shadow-wide">
              Time
            </th>
            <th scope="col" className="num shadow-wide">
              Cost
            </th>
          </tr>
        </thead>
        <tbody>
          {differing.map((pair) => (
            <tr key={pair.shadow.exchange}>
              <td>
                <Time at={pair.at} />
              </td>
              <td>
                <Side side={pair.served} />
              </td>
              <td>
                <Side side={pair.shadow} />
              </td>
              <td className="wrap shadow-how">{differences(pair).join('; ')}</td>
              <td className="num shadow-wide">
                {span(pair.served.totalMs)} → {span(pair.shadow.totalMs)}
              </td>
              <td className="num shadow-wide">
                {cost(pair.served.microUsd, pair.served.costState)} →{' '}
                {cost(pair.shadow.microUsd, pair.shadow.costState)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const Side = ({ side: { exchange, outcome, target } }: { readonly side: ShadowSide }) => (
  <Link to="/exchanges/$id" params={{ id: exchange }} search={{}} title={`${target}, exchange ${exchange}`}>
    <Outcome outcome={outcome} />
  </Link>
);
