import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { watchQuery } from '../../data/queries.ts';
import { readSlice, type Slice } from '../../data/window.ts';
import { FirstCall } from '../../parts/FirstCall.tsx';
import { useHotkeys } from '../../parts/hotkeys.ts';
import { Page, Section } from '../../parts/Page.tsx';
import { RangePicker } from '../../parts/RangePicker.tsx';
import { RouteSelect } from '../../parts/RouteSelect.tsx';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx';
import { ChangeList } from '../changes/ChangeList.tsx';
import { AttentionList } from './AttentionList.tsx';
import { BadOutcomes } from './BadOutcomes.tsx';
import { Breakdown } from './Breakdown.tsx';
import { SliceFilter } from './SliceFilter.tsx';
import { Totals } from './Totals.tsx';
import { WatchCharts } from './WatchCharts.tsx';

const at = getRouteApi('/');

export function WatchPage() {
  const search = at.useSearch();
  const navigate = at.useNavigate();
  const slice = readSlice({ ...search });
  const { route } = slice;
  /** The search with one name of the slice set or taken away. */
  const choose = (name: keyof Slice, value: string | undefined): void => {
    const { [name]: _, ...rest } = search;
    void navigate({ search: value === undefined ? rest : { ...rest, [name]: value } });
  };
  const watch = useQuery(watchQuery(search));
  useHotkeys([['Escape', () => search.from !== undefined && void navigate({ search: slice })]]);
  const controls = (
    <>
      <RouteSelect value={route} onChange={(next) => choose('route', next)} />
      <SliceFilter name="Tenant" value={slice.tenant} onChange={(next) => choose('tenant', next)} />
      <SliceFilter name="Feature" value={slice.feature} onChange={(next) => choose('feature', next)} />
      <RangePicker value={search} onChange={(range) => void navigate({ search: { range, ...slice } })} />
    </>
  );
  const data = watch.data;
  return (
    <Page title="Watch" controls={controls}>
      {watch.isError && !data ? <ErrorState error={watch.error} retry={() => void watch.refetch()} /> : null}
      {watch.isPending ? <Skeleton lines={12} height={44} label="the watch" /> : null}
      {data ? (
        <div className="watch" data-stale={watch.isPlaceholderData || undefined}>
          <AttentionList watch={data} />
          {data.totals.exchanges === 0 ? (
            <Quiet route={route} />
          ) : (
            <>
              <Totals totals={data.totals} window={data} slice={slice} />
              <BadOutcomes watch={data} slice={slice} />
              <WatchCharts
                watch={data}
                until={watch.dataUpdatedAt}
                onZoom={({ from, to }) => void navigate({ search: { from, to, ...slice } })}
              />
              <Breakdown
                title="Routes"
                first="Route"
                rows={data.byRoute.map(({ route, ...totals }) => ({ name: route, totals }))}
                link={(name) => (
                  <Link to="/" search={(was) => ({ ...was, route: name })}>
                    {name === '-' ? 'no route' : name}
                  </Link>
                )}
              />
              <Breakdown
                title="Targets"
                first="Target"
                rows={data.byTarget.map(({ target, ...totals }) => ({ name: target, totals }))}
              />
              <Section title="Changes" aside={<Link to="/changes">All changes</Link>}>
                {data.changes.length === 0 ? (
                  <p className="quiet section-none">Nothing new was declared or observed in this range.</p>
                ) : (
                  <ChangeList changes={[...data.changes].sort((a, b) => b.at - a.at).slice(0, 8)} />
                )}
              </Section>
            </>
          )}
        </div>
      ) : null}
    </Page>
  );
}

function Quiet({ route }: { readonly route: string | undefined }) {
  return (
    <EmptyState title="No exchange in this range">
      <p>
        Choose a longer range above, or make a call: it appears here and under{' '}
        <Link to="/exchanges" search={{ live: true }}>
          Exchanges
        </Link>{' '}
        as soon as it ends.
      </p>
      <FirstCall {...(route ? { route } : {})} />
    </EmptyState>
  );
}
