import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { api } from '../data/client.ts';
import { meQuery, statusQuery } from '../data/queries.ts';
import { live } from '../data/session.ts';
import { Help } from './Help.tsx';
import { useHotkeys } from './hotkeys.ts';
import {
  ChangesIcon,
  ExchangesIcon,
  KeysIcon,
  LeaveIcon,
  Mark,
  QuotaIcon,
  RampIcon,
  RouterIcon,
  RoutesIcon,
  RunsIcon,
  SearchIcon,
  ShadowsIcon,
  SpendIcon,
  SystemIcon,
  TiersIcon,
  WatchIcon,
  WeatherIcon,
} from './icons.tsx';
import { Palette } from './Palette.tsx';
import { ThemeSwitch } from './ThemeSwitch.tsx';

export const PLACES = [
  { to: '/', name: 'Watch', key: 'w', Icon: WatchIcon },
  { to: '/weather', name: 'Weather', key: 'h', Icon: WeatherIcon },
  { to: '/exchanges', name: 'Exchanges', key: 'e', Icon: ExchangesIcon },
  { to: '/runs', name: 'Runs', key: 'u', Icon: RunsIcon },
  { to: '/routes', name: 'Routes', key: 'r', Icon: RoutesIcon },
  { to: '/tiers', name: 'Tiers', key: 't', Icon: TiersIcon },
  { to: '/ramp', name: 'Ramp', key: 'a', Icon: RampIcon },
  { to: '/router', name: 'Router', key: 'o', Icon: RouterIcon },
  { to: '/shadows', name: 'Shadows', key: 'd', Icon: ShadowsIcon },
  { to: '/quota', name: 'Quota', key: 'q', Icon: QuotaIcon },
  { to: '/spend', name: 'Spend', key: 'm', Icon: SpendIcon },
  { to: '/changes', name: 'Changes', key: 'c', Icon: ChangesIcon },
  { to: '/keys', name: 'Keys', key: 'k', Icon: KeysIcon },
  { to: '/system', name: 'System', key: 's', Icon: SystemIcon },
] as const;

export function Shell() {
  const navigate = useNavigate();
  const [open, setOpen] = useState<'palette' | 'help' | undefined>();
  const client = useQueryClient();
  useEffect(() => live.start(document), []);
  // Who loses the stream or gets it back knows first: the banner about an answer that does not come need not wait for its turn.
  useEffect(
    () =>
      live.listen((events) => {
        if (events.some((event) => event.type === 'connected' || event.type === 'disconnected'))
          void client.invalidateQueries({ queryKey: ['status'] });
      }),
    [client],
  );
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      setOpen((was) => (was === 'palette' ? undefined : 'palette'));
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);
  useHotkeys([
    ['?', () => setOpen('help')],
    ...PLACES.map((place) => [`g ${place.key}`, () => void navigate({ to: place.to })] as const),
  ]);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to content
      </a>
      <Side onPalette={() => setOpen('palette')} />
      <main id="main" className="main" tabIndex={-1}>
        <Banners />
        <Outlet />
      </main>
      {open === 'palette' ? (
        <Palette onClose={() => setOpen(undefined)} onHelp={() => setOpen('help')} />
      ) : null}
      {open === 'help' ? <Help onClose={() => setOpen(undefined)} /> : null}
    </div>
  );
}

function Side({ onPalette }: { readonly onPalette: () => void }) {
  const nav = useRef<HTMLElement>(null);
  const path = useLocation({ select: (location) => location.pathname });
  // On a narrow screen not all places fit; where one is must be in sight.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path is what moves it
  useEffect(() => {
    nav.current
      ?.querySelector('[data-status="active"]')
      ?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [path]);
  const status = useQuery(statusQuery);
  return (
    <div className="side">
      <div className="side-top">
        <Link to="/" className="wordmark" aria-label="Midwatch, to the Watch page">
          <Mark />
          <span>Midwatch</span>
        </Link>
        <button
          type="button"
          className="icon-button"
          aria-label="Command palette (⌘K)"
          title="⌘K"
          onClick={onPalette}
        >
          <SearchIcon />
        </button>
      </div>
      <nav ref={nav} className="nav" aria-label="Pages">
        {PLACES.map(({ to, name, Icon }) => (
          <Link
            key={to}
            to={to}
            className="nav-link"
            activeOptions={{ exact: to === '/', includeSearch: false }}
          >
            <Icon />
            <span>{name}</span>
          </Link>
        ))}
      </nav>
      <div className="side-foot">
        <LiveDot />
        <ThemeSwitch />
        <div className="side-meta">
          <span className="num">{status.data ? status.data.version : ' '}</span>
          {status.data?.simulated ? (
            <span title="Answers come from the built-in simulator">simulator</span>
          ) : null}
          <LeaveButton />
        </div>
      </div>
    </div>
  );
}

const SAYS = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Connection lost, trying again',
  paused: 'Paused',
} as const;

function LiveDot() {
  const view = useSyncExternalStore(live.watch, live.view);
  // While the first connection is tried, only the status can tell that nobody answers.
  const gone = useQuery(statusQuery).isError;
  const state = gone && view.state === 'connecting' ? 'lost' : view.state;
  return (
    <div className="live-dot" data-state={state} role="status" aria-label={`Live connection: ${SAYS[state]}`}>
      <i aria-hidden="true" />
      <span>{state === 'lost' ? 'Offline' : SAYS[state]}</span>
      {state === 'live' && view.perSecond > 0 ? (
        // Moves all the time: for the eye only, a reader would never come to rest.
        <span className="num quiet" aria-hidden="true">
          {view.perSecond}/s
        </span>
      ) : null}
    </div>
  );
}

function LeaveButton() {
  const client = useQueryClient();
  const me = useQuery(meQuery).data;
  const who = me && (me.name === me.role ? me.name : `${me.name}, ${me.role}`);
  const leave = async (): Promise<void> => {
    await api.logout().finally(() => client.clear());
    location.assign('/');
  };
  return (
    <button
      type="button"
      className="icon-button"
      aria-label="Sign out"
      title={who ? `Sign out (${who})` : 'Sign out'}
      onClick={() => void leave()}
    >
      <LeaveIcon />
    </button>
  );
}

/** What every page has to say before its own matter. */
function Banners() {
  const status = useQuery(statusQuery);
  const said = status.data;
  return (
    <div className="banners">
      {status.isError ? (
        <p className="banner banner-alarm" role="alert">
          <strong>Midwatch does not answer.</strong> What you see is as old as its last answer. Is the process
          running? <code>midwatch up</code> starts it.
        </p>
      ) : null}
      {said?.database === 'down' ? (
        <p className="banner banner-alarm" role="alert">
          <strong>The database is down.</strong> Calls go on and their records wait in the spool; history is
          not shown until it is back. <Link to="/system">See System</Link>
        </p>
      ) : null}
      {said?.state === 'draining' ? (
        <p className="banner" role="status">
          <strong>Shutting down.</strong> Streams under way are finished, new calls are refused.
        </p>
      ) : null}
      {said?.open ? (
        <p className="banner" role="status">
          <strong>Open to loopback callers.</strong> <Link to="/keys">Create the first key</Link> to close it.
        </p>
      ) : null}
    </div>
  );
}
