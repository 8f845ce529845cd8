import type { ExchangeRow } from '@midwatch/contracts';
import { count } from '@midwatch/contracts/say';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { filterTokens, readFilter, stringifySearch } from '../../data/filters.ts';
import { exchangesQuery, statusQuery } from '../../data/queries.ts';
import { live } from '../../data/session.ts';
import { FirstCall } from '../../parts/FirstCall.tsx';
import { useHotkeys } from '../../parts/hotkeys.ts';
import { Page } from '../../parts/Page.tsx';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx';
import { FilterBox } from './FilterBox.tsx';
import { List } from './List.tsx';
import { keepListed, lastListed, mergeLive } from './listed.ts';
import { Searching } from './Searching.tsx';
import { TakeAway } from './TakeAway.tsx';

const at = getRouteApi('/exchanges');

export function Exchanges() {
  const search = at.useSearch();
  const navigate = at.useNavigate();
  const { live: wantsLive = false, ...rest } = search;
  const isLive = wantsLive && search.release === undefined;
  const address = stringifySearch(rest);
  // The filter as a value that stays the same while the address does.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `address` is `rest`, comparable
  const filter = useMemo(() => readFilter(rest), [address]);
  const exchanges = useInfiniteQuery(exchangesQuery(filter));
  const status = useQuery(statusQuery);
  const box = useRef<HTMLInputElement>(null);
  const before = lastListed();
  const resumed = before?.search === address ? before : undefined;
  const [chosen, setChosen] = useState<string | undefined>(resumed?.chosen);
  const scroll = useRef(resumed?.scroll ?? 0);
  const fresh = useFresh(isLive, address);
  const rows = useMemo(
    () => mergeLive(fresh, exchanges.data?.pages.flatMap((page) => page.rows) ?? []),
    [fresh, exchanges.data],
  );

  useEffect(() => {
    // A release is known only after recording: a live stream cannot be filtered by it and the server would refuse.
    if (filter.release === undefined) live.filter(filter);
    return () => live.filter({});
  }, [filter]);
  useEffect(() => {
    keepListed({
      search: address,
      ids: rows.map((row) => row.id),
      scroll: scroll.current,
      ...(chosen === undefined ? {} : { chosen }),
    });
  }, [address, rows, chosen]);

  const open = useCallback(
    (id: string) => void navigate({ to: '/exchanges/$id', params: { id } }),
    [navigate],
  );
  const move = (by: number): void => {
    const now = rows.findIndex((row) => row.id === chosen);
    const next = rows[Math.max(0, Math.min(rows.length - 1, now < 0 ? 0 : now + by))];
    if (next) setChosen(next.id);
  };
  const setLive = (on: boolean): void =>
    void navigate({ search: on ? { ...rest, live: true } : rest, replace: true });
  const clear = (): void => void navigate({ search: isLive ? { live: true } : {} });
  useHotkeys([
    ['j', () => move(1)],
    ['k', () => move(-1)],
    ['ArrowDown', () => move(1)],
    ['ArrowUp', () => move(-1)],
    ['PageDown', () => move(20)],
    ['PageUp', () => move(-20)],
    ['Home', () => move(Number.NEGATIVE_INFINITY)],
    ['Enter', () => chosen !== undefined && open(chosen)],
    ['/', () => box.current?.focus()],
    ['l', () => setLive(!isLive)],
    ['Escape', clear],
  ]);

  const searched = exchanges.data?.pages.at(-1)?.searched;
  const goOn = (): void => {
    if (exchanges.hasNextPage && !exchanges.isFetchingNextPage) void exchanges.fetchNextPage();
  };
  const filtered = filterTokens(filter).length > 0 || filter.from !== undefined;
  return (
    <Page
      title="Exchanges"
      fixed
      controls={
        <>
          <span className="quiet num list-count">
            {exchanges.data ? `${count(rows.length)}${exchanges.hasNextPage ? '+' : ''} shown` : ''}
          </span>
          <TakeAway rows={rows} />
          <button
            type="button"
            className="button toggle"
            aria-pressed={isLive}
            disabled={filter.release !== undefined}
            title={filter.release === undefined ? 'l' : 'A release is known only after recording'}
            onClick={() => setLive(!isLive)}
          >
            <i className="toggle-dot" aria-hidden="true" />
            Live
          </button>
        </>
      }
    >
      <FilterBox
        ref={box}
        filter={filter}
        onChange={(next) => void navigate({ search: isLive ? { ...next, live: true } : next })}
      />
      {exchanges.isError && !exchanges.data ? (
        <ErrorState error={exchanges.error} retry={() => void exchanges.refetch()} />
      ) : exchanges.isFetchNextPageError && rows.length === 0 ? (
        <ErrorState error={exchanges.error} retry={goOn} />
      ) : exchanges.isPending ? (
        <Skeleton lines={16} height={34} label="exchanges" />
      ) : rows.length === 0 && searched !== undefined ? (
        <Searching at={searched} onMore={goOn} />
      ) : rows.length === 0 ? (
        <Nothing filtered={filtered} live={isLive} open={status.data?.open ?? true} onClear={clear} />
      ) : (
        <List
          rows={rows}
          chosen={chosen}
          startAt={scroll.current}
          following={isLive}
          onScroll={(top) => {
            scroll.current = top;
            const was = lastListed();
            if (was) keepListed({ ...was, scroll: top });
          }}
          onChoose={setChosen}
          onOpen={open}
          onEnd={goOn}
          searched={searched}
          end={exchanges.isFetchNextPageError ? 'failed' : exchanges.hasNextPage ? 'more' : 'end'}
        />
      )}
    </Page>
  );
}

/** What has come in since this filter went live; forgotten when the filter changes. */
const useFresh = (on: boolean, address: string): readonly ExchangeRow[] => {
  const [fresh, setFresh] = useState<{ readonly address: string; readonly rows: readonly ExchangeRow[] }>({
    address,
    rows: [],
  });
  useEffect(() => {
    if (!on) return;
    return live.listen((events) => {
      const rows = events.flatMap((event) => (event.type === 'exchange' ? [event.row] : []));
      if (rows.length === 0) return;
      setFresh((was) => ({ address, rows: mergeLive(rows, was.address === address ? was.rows : [], 1_000) }));
    });
  }, [on, address]);
  return fresh.address === address ? fresh.rows : NO_ROWS;
};
const NO_ROWS: readonly ExchangeRow[] = [];

function Nothing({
  filtered,
  live: following,
  open,
  onClear,
}: {
  readonly filtered: boolean;
  readonly live: boolean;
  readonly open: boolean;
  readonly onClear: () => void;
}) {
  if (filtered) {
    return (
      <EmptyState title="No exchange matches these filters">
        <p>
          {following
            ? 'The page keeps listening: the first one that matches appears here.'
            : 'Widen them, or start over.'}
        </p>
        <button type="button" className="button" onClick={onClear}>
          Clear the filters
        </button>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No exchange yet">
      <p>
        Point a client at Midwatch and make a call; it is listed here as soon as it ends.{' '}
        {open ? 'Until the first key exists, callers on this machine need none.' : null}
        {open ? null : (
          <>
            Callers need a key: <Link to="/keys">create one</Link>.
          </>
        )}
      </p>
      <FirstCall />
    </EmptyState>
  );
}
