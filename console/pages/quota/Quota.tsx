import type { Lane, Pressure, QuotaAxis, QuotaView } from '@midwatch/contracts';
import { compact, count, percent, plural } from '@midwatch/contracts/say';
import { useQuery } from '@tanstack/react-query';
import { quotasQuery } from '../../data/queries.ts';
import { Gauge } from '../../parts/Gauge.tsx';
import { Page, Section } from '../../parts/Page.tsx';
import { Snippet } from '../../parts/Snippet.tsx';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx';
import { Time } from '../../parts/Time.tsx';

const EXAMPLE = `providers:
  openai:
    quota: { requestsPerMinute: 500, tokensPerMinute: 200000 }
`;
const AXIS: Readonly<Record<QuotaAxis, string>> = {
  requests: 'Requests a minute',
  tokensIn: 'Tokens in a minute',
  tokensOut: 'Tokens out a minute',
  tokens: 'Tokens a minute',
  requestsPerDay: 'Requests a day',
  tokensPerDay: 'Tokens a day',
};
const KIND = { calm: 'good', tight: 'tight', critical: 'broken', exhausted: 'broken' } as const;
const MEANS: Readonly<Record<Pressure, string>> = {
  calm: 'there is room for everybody',
  tight: 'batch waits, the others go on',
  critical: 'only interactive callers go on',
  exhausted: 'everybody waits',
};
const LANES: readonly Lane[] = ['interactive', 'normal', 'batch'];

export function Quota() {
  const found = useQuery(quotasQuery);
  return (
    <Page title="Quota">
      {found.isError && !found.data ? (
        <ErrorState error={found.error} retry={() => void found.refetch()} />
      ) : found.isPending ? (
        <Skeleton lines={5} height={64} label="quotas" />
      ) : found.data.length === 0 ? (
        <EmptyState title="No quota was used yet">
          <p>
            Write the limits of a provider's key into <code>midwatch.yaml</code>: they are kept before the
            provider has to refuse, and shown here from the first call on.
          </p>
          <Snippet text={EXAMPLE} what="the example" />
        </EmptyState>
      ) : (
        <div className="ledger">
          {found.data.map((quota) => (
            <One key={quota.scope} quota={quota} />
          ))}
        </div>
      )}
    </Page>
  );
}

function One({ quota }: { readonly quota: QuotaView }) {
  const { provider, models, credential, pressure } = quota;
  const [ends] = quota.axes
    .filter(({ exhaustsAt }) => exhaustsAt !== undefined)
    .sort((a, b) => Number(a.exhaustsAt) - Number(b.exhaustsAt));
  return (
    <Section
      title={models === '*' ? provider : `${provider} ${models}`}
      aside={
        <span>
          <PressureWord pressure={pressure} /> ·{' '}
          {pressure === 'calm' && ends?.exhaustsAt !== undefined ? (
            <strong className="is-short-text">
              now, but {AXIS[ends.axis].toLowerCase()} run out <Time at={ends.exhaustsAt} show="ago" />
            </strong>
          ) : (
            MEANS[pressure]
          )}
        </span>
      }
    >
      <div className="gauges">
        {quota.axes.map(({ axis, limit, share, left, pressure: own, exhaustsAt }) => (
          <Gauge
            key={axis}
            label={AXIS[axis]}
            says={
              <>
                {own === 'calm' ? null : (
                  <>
                    <PressureWord pressure={own} />{' '}
                  </>
                )}
                {percent(share)} used
              </>
            }
            parts={[{ share, kind: KIND[own] }]}
            note={
              <>
                {axis.endsWith('PerDay')
                  ? `${compact(Math.floor(left))} left of ${compact(limit)}`
                  : `${compact(Math.floor(left))} may go at once, ${compact(limit)} in a minute`}
                {exhaustsAt === undefined ? null : (
                  <strong className="is-broken-text">
                    {' '}
                    · runs out <Time at={exhaustsAt} show="ago" />
                  </strong>
                )}
              </>
            }
          />
        ))}
      </div>
      <dl className="lanes num">
        {LANES.map((lane) => (
          <div key={lane}>
            <dt>{lane}</dt>
            <dd>{quota.waiting[lane] === 0 ? 'nobody waits' : `${count(quota.waiting[lane])} waiting`}</dd>
          </div>
        ))}
        <div>
          <dt>told when to return</dt>
          <dd>{plural(quota.kept, 'place')} kept</dd>
        </div>
        <div>
          <dt>key</dt>
          <dd>{credential}</dd>
        </div>
      </dl>
    </Section>
  );
}

function PressureWord({ pressure }: { readonly pressure: Pressure }) {
  return pressure === 'calm' ? (
    <span>calm</span>
  ) : (
    <strong className={pressure === 'tight' ? 'is-short-text' : 'is-broken-text'}>{pressure}</strong>
  );
}
