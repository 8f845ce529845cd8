import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useEffect } from 'react';
import { changesQuery } from '../../data/queries.ts';
import { live } from '../../data/session.ts';
import { day } from '../../parts/format.ts';
import { Page } from '../../parts/Page.tsx';
import { RouteSelect } from '../../parts/RouteSelect.tsx';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx';
import { useNow } from '../../parts/Time.tsx';
import { ChangeList } from './ChangeList.tsx';
import { byDay } from './days.ts';

const at = getRouteApi('/changes');

/** What was declared or observed for the first time on a route, whether or not anybody deployed. */
export function Changes() {
  const { route } = at.useSearch();
  const navigate = at.useNavigate();
  const client = useQueryClient();
  const changes = useInfiniteQuery(changesQuery(route === undefined ? {} : { route }));
  const today = day(useNow());
  useEffect(
    () =>
      live.listen((events) => {
        if (events.some((event) => event.type === 'change'))
          void client.invalidateQueries({ queryKey: ['changes'] });
      }),
    [client],
  );
  const rows = changes.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <Page
      title="Changes"
      controls={
        <RouteSelect
          value={route}
          onChange={(next) => void navigate({ search: next ? { route: next } : {} })}
        />
      }
    >
      {changes.isError && !changes.data ? (
        <ErrorState error={changes.error} retry={() => void changes.refetch()} />
      ) : changes.isPending ? (
        <Skeleton lines={10} label="changes" />
      ) : rows.length === 0 ? (
        <EmptyState title={route ? `Nothing has changed on ${route}` : 'Nothing has changed yet'}>
          <p>
            A change is written when a model, prompt, tool list, sampling, schema or policy appears on a route
            for the first time, and when a provider is first seen to serve another model, fingerprint or tier.
            Deployments can name theirs by header: <code>x-midwatch-prompt: support-v7</code>.
          </p>
        </EmptyState>
      ) : (
        <div className="changes">
          {byDay(rows).map(([name, ofDay]) => (
            <section key={name} aria-label={name} className="log-day">
              <h2 className="num">{name === today ? 'Today' : name}</h2>
              <ChangeList changes={ofDay} dated={false} />
            </section>
          ))}
          {changes.hasNextPage ? (
            <button
              type="button"
              className="button more"
              disabled={changes.isFetchingNextPage}
              onClick={() => void changes.fetchNextPage()}
            >
              {changes.isFetchingNextPage ? 'Loading …' : 'Older changes'}
            </button>
          ) : null}
        </div>
      )}
    </Page>
  );
}
