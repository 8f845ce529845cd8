import type { Watch } from '@midwatch/contracts';
import { count } from '@midwatch/contracts/say';
import { Link } from '@tanstack/react-router';
import { readFilter } from '../../data/filters.ts';
import type { Slice } from '../../data/window.ts';
import { Outcome } from '../../parts/Outcome.tsx';
import { badOnes } from '../../parts/outcomes.ts';

/** What the families of the chart hold, by name; each leads to the exchanges themselves. */
export function BadOutcomes({ watch, slice }: { readonly watch: Watch; readonly slice: Slice }) {
  const found = badOnes(watch.totals.outcomes);
  if (found.length === 0) return null;
  return (
    <ul className="bad-outcomes" aria-label="Outcomes that are not good">
      {found.map(([outcome, n]) => (
        <li key={outcome}>
          <Link
            to="/exchanges"
            search={{ ...readFilter({ outcome, ...slice }), from: watch.from, to: watch.to }}
            aria-label={`${count(n)} ${outcome}`}
          >
            <Outcome outcome={outcome} />
            <span className="num">{count(n)}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
