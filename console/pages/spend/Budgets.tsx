import type { BudgetView } from '@midwatch/contracts';
import { dollars, plural } from '@midwatch/contracts/say';
import { useQuery } from '@tanstack/react-query';
import { budgetsQuery } from '../../data/queries.ts';
import { Gauge } from '../../parts/Gauge.tsx';
import { Section } from '../../parts/Page.tsx';
import { Snippet } from '../../parts/Snippet.tsx';
import { ErrorState, Skeleton } from '../../parts/states.tsx';
import { Time } from '../../parts/Time.tsx';

const EXAMPLE = `budgets:
  team: { per: tenant, period: month, soft: $80, hard: $100 }
`;
/** Accounts drawn; one a user may be thousands, and the fullest come first. */
const MOST = 60;

export function Budgets() {
  const found = useQuery(budgetsQuery);
  if (found.isError && !found.data)
    return <ErrorState error={found.error} retry={() => void found.refetch()} />;
  if (!found.data) return <Skeleton lines={3} label="budgets" />;
  const all = found.data;
  return (
    <Section
      title="Budgets"
      aside={
        all.length === 0 ? null : (
          <span className="num">{plural(all.length, 'account')}, the fullest first</span>
        )
      }
    >
      {all.length === 0 ? (
        <div className="budget-none">
          <p className="quiet">
            No budget was used yet. Write one into <code>midwatch.yaml</code>; each subject gets an account
            with its first call.
          </p>
          <Snippet text={EXAMPLE} what="the example" />
        </div>
      ) : (
        <div className="gauges">
          {all.slice(0, MOST).map((one) => (
            <Account key={`${one.budget} ${one.value}`} account={one} />
          ))}
        </div>
      )}
      {all.length > MOST ? (
        <p className="quiet">
          The {MOST} fullest are shown; <code>midwatch budgets</code> lists all.
        </p>
      ) : null}
    </Section>
  );
}

const SPAN = {
  minute: 'a minute',
  hour: 'an hour',
  day: 'a day',
  week: 'a week',
  month: 'a month',
  lifetime: 'in all',
} as const;
const KIND = { within: 'good', soft: 'tight', hard: 'broken' } as const;

function Account({ account }: { readonly account: BudgetView }) {
  const { budget, scope, value, settled, reserved, soft, hard, left, period, to, state } = account;
  const whole = Math.max(1, hard ?? soft ?? 1);
  return (
    <Gauge
      label={
        <>
          {budget} <span className="quiet">{`${scope} ${value}`}</span>
        </>
      }
      says={
        <>
          {dollars(settled)}
          <span className="quiet">
            {hard === undefined ? '' : ` of ${dollars(hard)}`} {SPAN[period]}
          </span>
        </>
      }
      parts={[
        { share: settled / whole, kind: KIND[state] },
        { share: reserved / whole, kind: 'held' },
      ]}
      mark={soft === undefined ? undefined : soft / whole}
      note={
        <>
          {state === 'within' ? null : (
            <strong className={state === 'hard' ? 'is-broken-text' : 'is-short-text'}>
              {state === 'hard' ? 'used up' : 'over soft'}
              {' · '}
            </strong>
          )}
          {[
            reserved > 0 ? `${dollars(reserved)} reserved` : undefined,
            left === undefined ? undefined : `${dollars(left)} left`,
            soft === undefined ? undefined : `soft ${dollars(soft)}`,
          ]
            .filter((part) => part !== undefined)
            .join(' · ')}
          {state === 'hard' && to !== undefined ? (
            <>
              {' · begins anew '}
              <Time at={to} show="ago" />
            </>
          ) : null}
        </>
      }
    />
  );
}
