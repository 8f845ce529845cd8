import type { Watch } from '@midwatch/contracts';
import { count } from '../../parts/format.ts';
import { Marked } from '../../parts/Marked.tsx';
import { PathLink } from '../../parts/PathLink.tsx';

const LEVEL = { alarm: 'Alarm', warn: 'Warning', note: 'Note' } as const;

/** First on the page, worst first: what it is, why it is here, what to do. */
export function AttentionList({ watch }: { readonly watch: Watch }) {
  if (watch.attention.length === 0) {
    // Silence is only said to be good when there was something to be silent about.
    return watch.totals.exchanges === 0 ? null : (
      <p className="all-well">
        Nothing needs attention <span className="quiet">in {count(watch.totals.exchanges)} exchanges.</span>
      </p>
    );
  }
  return (
    <section className="attention" aria-label="Needs attention">
      <ul>
        {watch.attention.map((each) => (
          <li key={`${each.level} ${each.what}`} className={`attention-${each.level}`}>
            <span className="attention-level">{LEVEL[each.level]}</span>
            <div>
              <p>
                <strong>{each.link ? <PathLink href={each.link}>{each.what}</PathLink> : each.what}</strong>{' '}
                <span className="attention-why">
                  <Marked text={each.why} />
                </span>
              </p>
              <p className="attention-todo">
                <Marked text={each.todo} />
              </p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
