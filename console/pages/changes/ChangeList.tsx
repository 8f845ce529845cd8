import type { ChangeEvent } from '@midwatch/contracts';
import { Link } from '@tanstack/react-router';
import { shortHash } from '../../parts/format.ts';
import { Time } from '../../parts/Time.tsx';

/** `declared.prompt` reads as “declared prompt”. */
const says = (subject: string): string => subject.replace('.', ' ');

export function ChangeList({ changes }: { readonly changes: readonly ChangeEvent[] }) {
  return (
    <ol className="log">
      {changes.map((change) => (
        <li key={`${change.at} ${change.route} ${change.subject} ${change.value}`}>
          <span className="log-time">
            <Time at={change.at} />
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
          <Link className="log-link" to="/exchanges/$id" params={{ id: change.exchange }}>
            first exchange
          </Link>
        </li>
      ))}
    </ol>
  );
}
