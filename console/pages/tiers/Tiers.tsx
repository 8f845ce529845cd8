import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { TIER_WAYS, tiersQuery } from '../../data/queries.ts';
import { Page, Section } from '../../parts/Page.tsx';
import { Snippet } from '../../parts/Snippet.tsx';
import { ErrorState, Skeleton } from '../../parts/states.tsx';
import { Time } from '../../parts/Time.tsx';
import { Demotions } from './Demotions.tsx';
import { Fallbacks } from './Fallbacks.tsx';
import { Mix } from './Mix.tsx';

const at = getRouteApi('/tiers');
const EXAMPLE = `routes:
  support:
    mix: { primary: { floor: 0.98, owner: ana } }
    tiers:
      - name: primary
        targets: [ { provider: openai, model: gpt-5.5 } ]
      - name: fallback
        targets: [ { provider: anthropic, model: claude-opus-4-7 } ]
`;
/** Windows to choose from. */
export const TIER_DAYS: readonly number[] = [1, 7, 30, 90];

/** Declared against served: which tier answers, who decided it, and whether the lower ones would hold. */
export function Tiers() {
  const { days = 7, by = 'rule' } = at.useSearch();
  const navigate = at.useNavigate();
  const found = useQuery(tiersQuery({ days, by }));
  const report = found.data;
  return (
    <Page
      title="Tiers"
      controls={
        <>
          <select
            className="select"
            aria-label="Told apart by"
            value={by}
            onChange={({ target }) =>
              void navigate({
                search: (was) => ({ ...was, by: TIER_WAYS.find((way) => way === target.value) }),
              })
            }
          >
            {TIER_WAYS.map((way) => (
              <option key={way} value={way}>
                by {way}
              </option>
            ))}
          </select>
          <select
            className="select"
            aria-label="Range"
            value={days}
            onChange={({ target }) =>
              void navigate({ search: (was) => ({ ...was, days: Number(target.value) }) })
            }
          >
            {TIER_DAYS.map((n) => (
              <option key={n} value={n}>
                {n === 1 ? 'last day' : `last ${n} days`}
              </option>
            ))}
          </select>
        </>
      }
    >
      <div className="board">
        {found.isError && !report ? (
          <ErrorState error={found.error} retry={() => void found.refetch()} />
        ) : !report ? (
          <Skeleton lines={5} label="the tier mix" />
        ) : (
          <>
            {report.routes.length === 0 ? (
              <Section title="Tier mix">
                <p className="quiet board-none">
                  No route with a second tier had traffic since <Time at={report.from} />. Give a route one,
                  say how much of its traffic the first must serve, and who answers for it:
                </p>
                <Snippet text={EXAMPLE} what="the example" />
              </Section>
            ) : (
              report.routes.map((route) => <Mix key={route.route} route={route} by={report.by} />)
            )}
            <Demotions rules={report.demotions} />
          </>
        )}
        <Fallbacks />
      </div>
    </Page>
  );
}
