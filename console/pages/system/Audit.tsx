import type { AuditEntry } from '@midwatch/contracts';
import { NONE } from '@midwatch/contracts/say';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { auditQuery } from '../../data/queries.ts';
import { CloseIcon } from '../../parts/icons.tsx';
import { Marked } from '../../parts/Marked.tsx';
import { Section } from '../../parts/Page.tsx';
import { explain } from '../../parts/states.tsx';
import { Time } from '../../parts/Time.tsx';

const at = getRouteApi('/system');

/** Who changed what. A name or an action is a link to everything of its kind. */
export function Audit() {
  const search = at.useSearch();
  const navigate = at.useNavigate();
  const audit = useInfiniteQuery(auditQuery(search));
  const rows = audit.data?.pages.flatMap((page) => page.rows) ?? [];
  const only = [search.actor, search.action].filter((word) => word !== undefined).join(' · ');
  return (
    <Section
      title="Audit"
      className="system-wide"
      aside={
        only ? (
          <button
            type="button"
            className="button button-quiet"
            onClick={() => void navigate({ search: {}, resetScroll: false })}
            aria-label={`Only ${only}; show all`}
          >
            {only}
            <CloseIcon />
          </button>
        ) : null
      }
    >
      {audit.isError && !audit.data ? (
        <p className="section-none quiet">
          <Marked text={explain(audit.error).title} />
        </p>
      ) : rows.length === 0 ? (
        <p className="section-none quiet">
          {audit.isPending ? 'Loading …' : only ? 'Nothing of that kind.' : 'Nothing has been changed yet.'}
        </p>
      ) : (
        <div className="table-scroll">
          <table className="table table-tight audit">
            <caption className="sr">Changes and who made them, newest first</caption>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">What</th>
                <th scope="col">Of</th>
                <th scope="col">From</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((entry) => {
                const { name, address } = known(entry.detail);
                return (
                  <tr key={`${entry.at} ${entry.action} ${entry.subject}`}>
                    <td>
                      <Time at={entry.at} />
                    </td>
                    <td>
                      <Link
                        from="/system"
                        search={(was) => ({ ...was, actor: entry.actor })}
                        resetScroll={false}
                      >
                        {entry.actor}
                      </Link>
                    </td>
                    <td>
                      <Link
                        from="/system"
                        search={(was) => ({ ...was, action: entry.action })}
                        resetScroll={false}
                      >
                        {entry.action}
                      </Link>
                    </td>
                    <td title={entry.subject}>{name ?? entry.subject ?? NONE}</td>
                    <td className="mono quiet">{address ?? NONE}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
      {audit.hasNextPage ? (
        <button
          type="button"
          className="button more"
          disabled={audit.isFetchingNextPage}
          onClick={() => void audit.fetchNextPage()}
        >
          {audit.isFetchingNextPage ? 'Loading …' : 'Older entries'}
        </button>
      ) : null}
    </Section>
  );
}

const known = (detail: AuditEntry['detail']): { readonly name?: string; readonly address?: string } => {
  const { name, address } = (detail ?? {}) as Readonly<Record<string, unknown>>;
  return {
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof address === 'string' ? { address } : {}),
  };
};
