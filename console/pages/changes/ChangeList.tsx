import type { ChangeEvent } from '@midwatch/contracts';
import { shortHash, shortId } from '@midwatch/contracts/say';
import { Link } from '@tanstack/react-router';
import { Time } from '../../parts/Time.tsx';

/** `observed.serviceTier` reads as “observed service tier”. */
const says = (subject: string): string =>
  subject.replace('.', ' ').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

export function ChangeList({
  changes,
  dated = true,
}: {
  readonly changes: readonly ChangeEvent[];
  /** The day stands before a time that is not today's; not where a heading says it already. */
  readonly dated?: boolean;
}) {
  return (
    <ol className="log">
      {changes.map((change) => (
        <li key={`${change.at} ${change.route} ${change.subject} ${change.value}`}>
          <span className="log-time">
            <Time at={change.at} show={dated ? 'short' : 'clock'} />
          </span>
          <span className="log-route">
            <Link to="/routes/$name" params={{ name: change.route }}>
              {change.route}
            </Link>
          </span>
          <span className="log-subject">{says(change.subject)}</span>
          <span className="log-values">
            {change.before === undefined ? (
              <span className="quiet">first seen</span>
            ) : (
              <del title={change.before}>{shortHash(change.before)}</del>
            )}
            <span aria-hidden="true" className="quiet">
              →
            </span>
            <ins title={change.value}>{shortHash(change.value)}</ins>
          </span>
          <Link
            className="log-link mono"
            to="/exchanges/$id"
            params={{ id: change.exchange }}
            title="The first exchange with it"
          >
            <span className="sr">first exchange </span>
            {shortId(change.exchange)}
          </Link>
        </li>
      ))}
    </ol>
  );
}
