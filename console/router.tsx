import type { SpendBy } from '@midwatch/contracts';
import { type QueryClient, useQuery } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  redirect,
} from '@tanstack/react-router';
import { parseSearch, readFilter, stringifySearch } from './data/filters.ts';
import {
  type AuditSearch,
  isUnauthorised,
  meQuery,
  RUN_STATES,
  type RunsSearch,
  SHADOWS_RANGE,
  type ShadowsSearch,
  SPEND_WAYS,
  TIER_WAYS,
  type TiersSearch,
} from './data/queries.ts';
import { RANGE_NAMES, readWindow, type WindowSearch } from './data/window.ts';
import { Changes } from './pages/changes/Changes.tsx';
import { ExchangePage } from './pages/exchange/ExchangePage.tsx';
import { Exchanges } from './pages/exchanges/Exchanges.tsx';
import { Keys } from './pages/keys/Keys.tsx';
import { Login } from './pages/Login.tsx';
import { NotFound } from './pages/NotFound.tsx';
import { Quota } from './pages/quota/Quota.tsx';
import { Ramp } from './pages/ramp/Ramp.tsx';
import { Router } from './pages/router/Router.tsx';
import { RoutePage } from './pages/routes/RoutePage.tsx';
import { Routes } from './pages/routes/Routes.tsx';
import { RunPage } from './pages/runs/RunPage.tsx';
import { Runs } from './pages/runs/Runs.tsx';
import { Shadows } from './pages/shadows/Shadows.tsx';
import { Spend } from './pages/spend/Spend.tsx';
import { System } from './pages/system/System.tsx';
import { TIER_DAYS, Tiers } from './pages/tiers/Tiers.tsx';
import { WatchPage } from './pages/watch/WatchPage.tsx';
import { Weather } from './pages/weather/Weather.tsx';
import { Shell } from './parts/Shell.tsx';
import { ErrorState } from './parts/states.tsx';
import { Toasts } from './parts/toasts.tsx';

/** Whoever is not signed in sees the login at the address they came for, and stays there once they are. */
function Root() {
  const me = useQuery(meQuery);
  if (me.isPending) return <div className="blank" role="status" aria-label="Loading Midwatch" />;
  if (isUnauthorised(me.error)) return <Login />;
  if (me.isError && !me.data) {
    return (
      <main className="blank">
        <ErrorState error={me.error} retry={() => void me.refetch()} />
      </main>
    );
  }
  return (
    <>
      <Shell />
      <Toasts />
    </>
  );
}

const root = createRootRouteWithContext<{ readonly client: QueryClient }>()({
  component: Root,
  notFoundComponent: NotFound,
});

const watch = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: WatchPage,
  validateSearch: (raw: Record<string, unknown>): WindowSearch => readWindow(raw),
});
const exchanges = createRoute({
  getParentRoute: () => root,
  path: '/exchanges',
  component: Exchanges,
  validateSearch: (raw: Record<string, unknown>) => ({
    ...readFilter(raw),
    ...(raw.live === '1' || raw.live === true ? { live: true as const } : {}),
  }),
});
const exchange = createRoute({
  getParentRoute: () => root,
  path: '/exchanges/$id',
  component: ExchangePage,
  validateSearch: (raw: Record<string, unknown>): { view?: 'ask' | 'answer' | 'record' } =>
    raw.view === 'ask' || raw.view === 'answer' || raw.view === 'record' ? { view: raw.view } : {},
});
const routes = createRoute({ getParentRoute: () => root, path: '/routes', component: Routes });
const route = createRoute({ getParentRoute: () => root, path: '/routes/$name', component: RoutePage });
const changes = createRoute({
  getParentRoute: () => root,
  path: '/changes',
  component: Changes,
  validateSearch: (raw: Record<string, unknown>): { route?: string } =>
    typeof raw.route === 'string' && raw.route !== '' ? { route: raw.route } : {},
});
const weather = createRoute({ getParentRoute: () => root, path: '/weather', component: Weather });
const quota = createRoute({ getParentRoute: () => root, path: '/quota', component: Quota });
const spend = createRoute({
  getParentRoute: () => root,
  path: '/spend',
  component: Spend,
  validateSearch: (raw: Record<string, unknown>): WindowSearch & { readonly by?: SpendBy } => {
    const { range, from, to } = readWindow(raw);
    const by = SPEND_WAYS.find((way) => way === raw.by && way !== 'cause');
    return {
      ...(range ? { range } : {}),
      ...(from !== undefined && to !== undefined ? { from, to } : {}),
      ...(by ? { by } : {}),
    };
  },
});
const runs = createRoute({
  getParentRoute: () => root,
  path: '/runs',
  component: Runs,
  validateSearch: (raw: Record<string, unknown>): RunsSearch => {
    const state = RUN_STATES.find((one) => one === raw.state);
    return state ? { state } : {};
  },
});
const run = createRoute({ getParentRoute: () => root, path: '/runs/$id', component: RunPage });
const tiers = createRoute({
  getParentRoute: () => root,
  path: '/tiers',
  component: Tiers,
  validateSearch: (raw: Record<string, unknown>): TiersSearch => {
    const days = Number(raw.days);
    const by = TIER_WAYS.find((way) => way === raw.by && way !== 'rule');
    return { ...(TIER_DAYS.includes(days) ? { days } : {}), ...(by ? { by } : {}) };
  },
});
const ramp = createRoute({ getParentRoute: () => root, path: '/ramp', component: Ramp });
const router = createRoute({ getParentRoute: () => root, path: '/router', component: Router });
const shadows = createRoute({
  getParentRoute: () => root,
  path: '/shadows',
  component: Shadows,
  validateSearch: (raw: Record<string, unknown>): ShadowsSearch => {
    const range = RANGE_NAMES.find((name) => name === raw.range && name !== SHADOWS_RANGE);
    return range ? { range } : {};
  },
});
const keys = createRoute({ getParentRoute: () => root, path: '/keys', component: Keys });
const named = (raw: unknown): string | undefined => (typeof raw === 'string' && raw !== '' ? raw : undefined);
const system = createRoute({
  getParentRoute: () => root,
  path: '/system',
  component: System,
  validateSearch: (raw: Record<string, unknown>): AuditSearch => {
    const [actor, action] = [named(raw.actor), named(raw.action)];
    return { ...(actor ? { actor } : {}), ...(action ? { action } : {}) };
  },
});
const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  beforeLoad: async ({ context }) => {
    // Signed in already: nothing to do here. Otherwise `Root` shows the form whatever the address.
    const me = await context.client.ensureQueryData(meQuery).catch(() => undefined);
    if (me) throw redirect({ to: '/' });
  },
});

function PageFailed({ error, reset }: ErrorComponentProps) {
  return <ErrorState error={error} retry={reset} />;
}

export const makeRouter = (client: QueryClient) =>
  createRouter({
    routeTree: root.addChildren([
      watch,
      weather,
      exchanges,
      exchange,
      routes,
      route,
      runs,
      run,
      tiers,
      ramp,
      router,
      shadows,
      quota,
      spend,
      changes,
      keys,
      system,
      login,
    ]),
    context: { client },
    parseSearch,
    stringifySearch,
    defaultErrorComponent: PageFailed,
    scrollRestoration: true,
    scrollToTopSelectors: ['#main'],
  });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
