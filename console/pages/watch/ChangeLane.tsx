import type { ChangeEvent } from '@midwatch/contracts';
import { plural } from '@midwatch/contracts/say';
import { Link } from '@tanstack/react-router';
import type { Cluster } from '../../charts/shape.ts';
import { AXIS_LEFT, AXIS_RIGHT } from '../../charts/TimeChart.tsx';
import { clockTime } from '../../parts/format.ts';

/** Marks on the same axis as the charts below; each leads to the exchange in which it was first seen. */
export function ChangeLane({ groups }: { readonly groups: readonly Cluster<ChangeEvent>[] }) {
  if (groups.length === 0) return null;
  return (
    <ul
      className="lane"
      aria-label="Changes on the time axis"
      style={{ marginLeft: AXIS_LEFT, marginRight: AXIS_RIGHT }}
    >
      {groups.map((group) => {
        const [first] = group.members;
        if (!first) return null;
        const says = group.members
          .slice(0, 6)
          .map((each) => `${clockTime(each.at)} ${each.route}: ${each.subject} is ${each.value}`)
          .join('\n');
        return (
          <li key={first.at} style={{ left: `${group.x * 100}%` }}>
            {group.members.length === 1 ? (
              <Link to="/exchanges/$id" params={{ id: first.exchange }} title={says} aria-label={says}>
                <i />
              </Link>
            ) : (
              <Link
                to="/changes"
                title={says}
                aria-label={`${plural(group.members.length, 'change')}: ${says}`}
              >
                <b className="num">{group.members.length}</b>
              </Link>
            )}
          </li>
        );
      })}
    </ul>
  );
}
