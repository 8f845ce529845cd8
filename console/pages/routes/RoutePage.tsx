import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { routeQuery } from '../../data/queries.ts';
import { CopyButton } from '../../parts/Copy.tsx';
import { FirstCall } from '../../parts/FirstCall.tsx';
import { PrintIcon } from '../../parts/icons.tsx';
import { Page, Section } from '../../parts/Page.tsx';
import { ErrorState, Skeleton } from '../../parts/states.tsx';
import { useNow } from '../../parts/Time.tsx';
import { Totals } from '../watch/Totals.tsx';
import { FreezeButton, FrozenBadge, FrozenNote } from './Freeze.tsx';
import { policyText } from './policy.ts';
import { SOURCE } from './Routes.tsx';

const at = getRouteApi('/routes/$name');
const HOUR = 3_600_000;

export function RoutePage() {
  const { name } = at.useParams();
  const found = useQuery(routeQuery(name));
  const now = useNow();
  const route = found.data;
  return (
    <Page
      title={name}
      heading={
        <>
          <Link to="/routes" className="crumb">
            Routes
          </Link>
          <span className="crumb-mark" aria-hidden="true">
            /
          </span>
          {name} <FrozenBadge frozen={route?.frozen} />
        </>
      }
      controls={
        route ? (
          <>
            <CopyButton text={policyText(route)} what="the policy" />
            <button
              type="button"
              className="icon-button"
              aria-label="Print the policy"
              title="Print the policy"
              onClick={() => print()}
            >
              <PrintIcon />
            </button>
            <FreezeButton route={route} />
            <Link to="/exchanges" search={{ route: name }} className="button">
              Exchanges
            </Link>
            <Link to="/" search={{ route: name }} className="button">
              Watch
            </Link>
          </>
        ) : null
      }
    >
      {found.isError && !route ? <ErrorState error={found.error} retry={() => void found.refetch()} /> : null}
      {found.isPending ? <Skeleton lines={8} label="the route" /> : null}
      {route ? (
        <div className="route-page">
          {route.frozen ? <FrozenNote frozen={route.frozen} /> : null}
          {route.lastHour && route.lastHour.exchanges > 0 ? (
            <Section title="Last hour">
              <Totals
                totals={route.lastHour}
                window={{ from: now - HOUR, to: now }}
                slice={{ route: name }}
              />
            </Section>
          ) : null}
          <Section title="Policy" aside={<span>in the order in which it acts, {SOURCE[route.source]}</span>}>
            <ol className="policy">
              {route.policy.map((rule, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: steps may repeat, and their place is what tells them apart
                <li key={`${index} ${rule.step}`}>
                  <span className="policy-step">{rule.step}</span>
                  <span className="policy-says">{rule.says}</span>
                </li>
              ))}
            </ol>
          </Section>
          <Section title="Tiers">
            <ol className="tiers tiers-tall">
              {route.tiers.map((tier) => (
                <li key={tier.name}>
                  <h3>{tier.name}</h3>
                  {tier.targets.length > 0 ? (
                    <ul>
                      {tier.targets.map((target) => (
                        <li key={target} className="mono">
                          {target}
                        </li>
                      ))}
                    </ul>
                  ) : null}
                  {tier.reply === undefined ? null : <blockquote>{tier.reply}</blockquote>}
                </li>
              ))}
            </ol>
          </Section>
          <Section title="Call it" className="no-print">
            <FirstCall route={name} />
          </Section>
        </div>
      ) : null}
    </Page>
  );
}
