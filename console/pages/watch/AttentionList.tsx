import type { Watch } from '@midwatch/contracts';
import { count, plural } from '@midwatch/contracts/say';
import { Marked } from '../../parts/Marked.tsx';
import { PathLink } from '../../parts/PathLink.tsx';

const LEVEL = { alarm: 'Alarm', warn: 'Warning', note: 'Note' } as const;

type Each = Watch['attention'][number];

/** So many stand open: with more, the numbers under them would be out of sight. */
const OPEN = 4;

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
  // One more than that is not worth folding.
  const open = watch.attention.length <= OPEN + 1 ? watch.attention : watch.attention.slice(0, OPEN);
  const rest = watch.attention.slice(open.length);
  return (
    <section className="attention" aria-label="Needs attention">
      <List all={open} />
      {rest.length > 0 ? (
        <details>
          <summary>{more(rest)}</summary>
          <List all={rest} />
        </details>
      ) : null}
    </section>
  );
}

/** `5 more: 1 alarm, 2 warnings, 2 notes`. */
const more = (rest: readonly Each[]): string => {
  const parts = (['alarm', 'warn', 'note'] as const).flatMap((level) => {
    const n = rest.filter((each) => each.level === level).length;
    return n === 0 ? [] : [plural(n, LEVEL[level].toLowerCase())];
  });
  return `${count(rest.length)} more: ${parts.join(', ')}`;
};

const List = ({ all }: { readonly all: readonly Each[] }) => (
  <ul>
    {all.map((each) => (
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
);
