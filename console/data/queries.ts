import type { ExchangeFilter, Role, RunState, SpendBy, TiersBy } from '@midwatch/contracts';
import { MidwatchError } from '@midwatch/sdk';
import {
  infiniteQueryOptions,
  keepPreviousData,
  QueryCache,
  QueryClient,
  queryOptions,
  useQuery,
} from '@tanstack/react-query';
import { api } from './client.ts';
import { now } from './clock.ts';
import { type RangeName, readSlice, refreshMs, type WindowSearch, windowBounds } from './window.ts';

export const isUnauthorised = (error: unknown): boolean =>
  error instanceof MidwatchError && error.status === 401;

export const makeQueryClient = (): QueryClient => {
  const client = new QueryClient({
    queryCache: new QueryCache({
      // A session that ended shows the login page at once, whichever request noticed.
      onError: (error, query) => {
        if (isUnauthorised(error) && query.queryKey[0] !== 'me')
          void client.resetQueries({ queryKey: ['me'] });
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        // What the server said it will say again; only silence is worth asking twice.
        retry: (failures, error) => failures < 1 && error instanceof MidwatchError && error.status === 0,
      },
    },
  });
  return client;
};

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: () => api.status(),
  refetchInterval: 10_000,
});
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: () => api.me(),
  staleTime: 60_000,
});
/** Whether the caller may do what this role may; until it is known, nothing is offered. */
export const useMay = (least: Role): boolean => {
  const me = useQuery(meQuery).data;
  return me !== undefined && RANK.indexOf(me.role) >= RANK.indexOf(least);
};
const RANK: readonly Role[] = ['viewer', 'operator', 'admin'];
export const useStatus = () => useQuery(statusQuery).data;

export const watchQuery = (search: WindowSearch) =>
  queryOptions({
    queryKey: ['watch', search],
    queryFn: () =>
      api.watch({
        ...windowBounds(search, now()),
        ...readSlice({ ...search }),
      }),
    refetchInterval: refreshMs(search),
    placeholderData: keepPreviousData,
  });

const PAGE = 200;
export const exchangesQuery = (filter: ExchangeFilter) =>
  infiniteQueryOptions({
    queryKey: ['exchanges', filter],
    queryFn: ({ pageParam }) =>
      api.exchanges.list({
        ...filter,
        limit: PAGE,
        ...(pageParam === undefined ? {} : { cursor: pageParam }),
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    // The live stream brings what is new; asking again for all loaded pages would only move rows under the reader.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
/** Exchanges never change once written. */
export const exchangeQuery = (id: string) =>
  queryOptions({
    queryKey: ['exchange', id],
    queryFn: () => api.exchanges.get(id),
    staleTime: Number.POSITIVE_INFINITY,
  });
export const neighboursQuery = (id: string) =>
  queryOptions({
    queryKey: ['neighbours', id],
    queryFn: () => api.exchanges.neighbours(id),
    staleTime: 30_000,
  });
export const askQuery = (id: string) =>
  queryOptions({
    queryKey: ['body', id, 'ask'],
    queryFn: () => api.exchanges.ask(id),
    staleTime: Number.POSITIVE_INFINITY,
  });
export const answerQuery = (id: string) =>
  queryOptions({
    queryKey: ['body', id, 'answer'],
    queryFn: () => api.exchanges.answer(id),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** What changes with every call; the page is looked at while something happens. */
const SOON = 3_000;
export const providersQuery = queryOptions({
  queryKey: ['providers'],
  queryFn: () => api.providers(),
  refetchInterval: SOON,
});
export const quotasQuery = queryOptions({
  queryKey: ['quotas'],
  queryFn: () => api.quotas(),
  refetchInterval: SOON,
});
export const budgetsQuery = queryOptions({
  queryKey: ['budgets'],
  queryFn: () => api.budgets(),
  refetchInterval: SOON,
});
export const SPEND_WAYS = [
  'cause',
  'route',
  'provider',
  'key',
  'tenant',
  'feature',
] as const satisfies readonly SpendBy[];
export const spendQuery = (search: WindowSearch, by: SpendBy) =>
  queryOptions({
    queryKey: ['spend', search, by],
    queryFn: () => api.spend({ ...windowBounds(search, now()), by }),
    refetchInterval: refreshMs(search),
    placeholderData: keepPreviousData,
  });

/** Written again, and checked against the contract: its module of schemas would come into the bundle with the list. */
export const RUN_STATES = [
  'queued',
  'running',
  'awaiting_approval',
  'succeeded',
  'degraded',
  'refused',
  'truncated',
  'invalid',
  'failed',
  'cancelled',
  'cancelled_after_action',
  'expired',
] as const satisfies readonly RunState[];
export interface RunsSearch {
  readonly state?: RunState;
}
export const runsQuery = (search: RunsSearch) =>
  infiniteQueryOptions({
    queryKey: ['runs', search],
    queryFn: ({ pageParam }) =>
      api.runs.list({
        ...search,
        limit: 100,
        ...(pageParam === undefined ? {} : { cursor: pageParam }),
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    refetchInterval: SOON,
    placeholderData: keepPreviousData,
  });
export const runQuery = (id: string) =>
  queryOptions({ queryKey: ['run', id], queryFn: () => api.runs.get(id), refetchInterval: SOON });

export const cassettesQuery = queryOptions({
  queryKey: ['cassettes'],
  queryFn: () => api.cassettes(),
  refetchInterval: 60_000,
});
export const hoursQuery = queryOptions({
  queryKey: ['hours'],
  queryFn: () => api.hours(),
  refetchInterval: 60_000,
});
export const weatherQuery = queryOptions({
  queryKey: ['weather'],
  queryFn: () => api.weather(),
  refetchInterval: 10_000,
});
export const fallbacksQuery = queryOptions({
  queryKey: ['fallbacks'],
  queryFn: () => api.fallbacks.list(),
  refetchInterval: 5_000,
});
export const TIER_WAYS = ['rule', 'tier', 'tenant', 'reason'] as const satisfies readonly TiersBy[];
export interface TiersSearch {
  /** Back from now. */
  readonly days?: number;
  readonly by?: TiersBy;
}
export const tiersQuery = ({ days, by }: Required<TiersSearch>) =>
  queryOptions({
    queryKey: ['tiers', days, by],
    queryFn: () => api.tiers({ from: now() - days * 86_400_000, by }),
    refetchInterval: 10_000,
    placeholderData: keepPreviousData,
  });
export const routersQuery = queryOptions({
  queryKey: ['routers'],
  queryFn: () => api.routers(),
  refetchInterval: 5_000,
});
export const SHADOWS_RANGE: RangeName = '24h';
export interface ShadowsSearch {
  readonly range?: RangeName;
}
export const shadowsQuery = (search: Required<ShadowsSearch>) =>
  queryOptions({
    queryKey: ['shadows', search],
    queryFn: () => api.shadows(windowBounds(search, now())),
    refetchInterval: refreshMs(search),
    placeholderData: keepPreviousData,
  });
export const rampsQuery = queryOptions({
  queryKey: ['ramps'],
  queryFn: () => api.ramps.list(),
  refetchInterval: SOON,
});

export const routesQuery = queryOptions({
  queryKey: ['routes'],
  queryFn: () => api.routes.list(),
  refetchInterval: 30_000,
});
export const routeQuery = (name: string) =>
  queryOptions({ queryKey: ['route', name], queryFn: () => api.routes.get(name), refetchInterval: 30_000 });

export interface ChangesSearch {
  readonly from?: number;
  readonly to?: number;
  readonly route?: string;
}
export const changesQuery = (search: ChangesSearch) =>
  infiniteQueryOptions({
    queryKey: ['changes', search],
    queryFn: ({ pageParam }) =>
      api.changes.list({ ...search, ...(pageParam === undefined ? {} : { cursor: pageParam }) }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });

export const keysQuery = queryOptions({ queryKey: ['keys'], queryFn: () => api.keys.list() });
export interface AuditSearch {
  readonly actor?: string;
  readonly action?: string;
}
export const auditQuery = (search: AuditSearch) =>
  infiniteQueryOptions({
    queryKey: ['audit', search],
    queryFn: ({ pageParam }) =>
      api.audit({ ...search, limit: 20, ...(pageParam === undefined ? {} : { cursor: pageParam }) }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
export const systemQuery = queryOptions({
  queryKey: ['system'],
  queryFn: () => api.system(),
  refetchInterval: 5_000,
});
