import type { ShadowDrop, ShadowReport, ShadowTraffic, ShadowView } from '@midwatch/contracts';
import { count, plural } from '@midwatch/contracts/say';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { SHADOWS_RANGE, shadowsQuery } from '../../data/queries.ts';
import { Page, Section } from '../../parts/Page.tsx';
import { RangePicker } from '../../parts/RangePicker.tsx';
import { Snippet } from '../../parts/Snippet.tsx';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx';
import { Time } from '../../parts/Time.tsx';
import { Agreement } from './Agreement.tsx';
import { Differences } from './Differences.tsx';
import { Ratios } from './Ratios.tsx';

const at = getRouteApi('/shadows');

const EXAMPLE = `routes:
  support:
    tiers:
      - { name: primary, targets: [ { provider: openai, model: gpt-5.5 } ] }
    shadow:
      target: { provider: openai, model: gpt-5.5-mini }
      share: 0.01
`;

/** What a second target would have answered: copies that nobody waits for and nobody gets. */
export function Shadows() {
  const { range = SHADOWS_RANGE } = at.useSearch();
  const navigate = at.useNavigate();
  const report = useQuery(shadowsQuery({ range }));
  return (
    <Page
      title="Shadows"
      controls={
        <RangePicker
          value={{ range }}
          onChange={(next) => void navigate({ search: next === SHADOWS_RANGE ? {} : { range: next } })}
        />
      }
    >
      {report.isError && !report.data ? (
        <ErrorState error={report.error} retry={() => void report.refetch()} />
      ) : report.isPending ? (
        <Skeleton lines={5} height={64} label="shadows" />
      ) : (
        <Report report={report.data} />
      )}
    </Page>
  );
}

function Report({ report: { rows, now } }: { readonly report: ShadowReport }) {
  if (rows.length === 0)
    return now.some(({ asked }) => asked > 0) ? (
      <EmptyState title="Nothing was compared in this range">
        <p>
          Copies were made since the start (
          {now.map((traffic) => `${traffic.route}: ${said(traffic)}`).join('; ')}). Choose a longer range
          above, or wait until some are answered and recorded.
        </p>
      </EmptyState>
    ) : (
      <EmptyState title="No answer has a shadow">
        <p>
          Let a second target answer a share of the asks after the caller has been served. Nobody waits for
          the copy and nobody gets it; it is compared with what was served. Copies are billed, and stop where
          a quota or a budget has no room.
        </p>
        <Snippet text={EXAMPLE} what="the example" />
      </EmptyState>
    );
  return (
    <div className="board">
      {rows.map((row) => (
        <Compared
          key={`${row.route} ${row.target}`}
          row={row}
          traffic={now.find(({ route }) => route === row.route)}
        />
      ))}
    </div>
  );
}

function Compared({
  row,
  traffic,
}: {
  readonly row: ShadowView;
  readonly traffic: ShadowTraffic | undefined;
}) {
  return (
    <Section
      title={row.route}
      aside={
        <span>
          beside {row.target} · {plural(row.pairs, 'pair')} since <Time at={row.since} show="ago" />
        </span>
      }
    >
      <div className="shadow-halves">
        <Agreement row={row} />
        <Ratios row={row} />
      </div>
      <Differences row={row} />
      <p className="quiet small shadow-foot">
        <Link to="/routes/$name" params={{ name: row.route }}>
          The route
        </Link>
        {' · '}
        <Link to="/exchanges" search={{ route: row.route, source: 'shadow' }}>
          All copies
        </Link>
        {traffic ? ` · since the start ${said(traffic)}` : ''}
      </p>
    </Section>
  );
}

const WHY: Readonly<Record<ShadowDrop, string>> = {
  rate: 'over maxPerSecond',
  busy: 'over concurrency',
  limits: 'no room in quota or budget',
  closed: 'target out of service',
  unsayable: 'not to be said to that target',
  acts: 'lets the provider act, which it would do twice',
  away: 'Midwatch was stopping',
};

const said = ({ asked, dropped }: ShadowTraffic): string =>
  [
    `${count(asked)} copied`,
    ...Object.entries(dropped).map(([why, n]) => `${count(n)} left out (${WHY[why as ShadowDrop] ?? why})`),
  ].join(', ');
