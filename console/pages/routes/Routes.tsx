import type { RouteView } from '@midwatch/contracts';
import { compact, dollars, span } from '@midwatch/contracts/say';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { routesQuery } from '../../data/queries.ts';
import { Page } from '../../parts/Page.tsx';
import { Rate } from '../../parts/Rate.tsx';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx';
import { FrozenBadge } from './Freeze.tsx';

export const SOURCE = {
  config: 'from the configuration',
  environment: 'from the environment',
  simulator: 'made for the simulator',
} as const;

export function Routes() {
  const routes = useQuery(routesQuery);
  return (
    <Page title="Routes">
      {routes.isError && !routes.data ? (
        <ErrorState error={routes.error} retry={() => void routes.refetch()} />
      ) : routes.isPending ? (
        <Skeleton lines={5} height={72} label="routes" />
      ) : routes.data.length === 0 ? (
        <EmptyState title="There is no route">
          <p>
            Set <code>OPENAI_API_KEY</code> or <code>ANTHROPIC_API_KEY</code> and restart, or write routes
            into <code>midwatch.yaml</code>: <code>midwatch config check</code> says whether it is right.
          </p>
        </EmptyState>
      ) : (
        <ul className="routes" aria-label="Routes, in the order of matching">
          {routes.data.map((route) => (
            <Row key={route.name} route={route} />
          ))}
        </ul>
      )}
    </Page>
  );
}

function Row({ route }: { readonly route: RouteView }) {
  const hour = route.lastHour;
  return (
    <li className="route">
      <div className="route-name">
        <h2>
          <Link to="/routes/$name" params={{ name: route.name }}>
            {route.name}
          </Link>{' '}
          <FrozenBadge frozen={route.frozen} />
        </h2>
        <p className="quiet">{SOURCE[route.source]}</p>
      </div>
      <ol className="tiers" aria-label={`Tiers of ${route.name}`}>
        {route.tiers.map((tier) => (
          <li key={tier.name}>
            <span className="quiet">{tier.name}</span>{' '}
            <span className="tier-targets">
              {tier.targets.length > 0 ? tier.targets.join(', ') : 'a fixed reply'}
            </span>
          </li>
        ))}
      </ol>
      <dl className="route-hour num" aria-label="Last hour">
        <div>
          <dt>Last hour</dt>
          <dd>{hour ? compact(hour.exchanges) : <span className="quiet">no data</span>}</dd>
        </div>
        {hour && hour.exchanges > 0 ? (
          <>
            <div>
              <dt>Good</dt>
              <dd>
                <Rate rate={hour.good} />
              </dd>
            </div>
            <div>
              <dt>Total p95</dt>
              <dd>{span(hour.totalMs?.p95)}</dd>
            </div>
            <div>
              <dt>Spend</dt>
              <dd>{dollars(hour.microUsd)}</dd>
            </div>
          </>
        ) : null}
      </dl>
    </li>
  );
}
