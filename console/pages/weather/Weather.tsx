import type { ProviderView } from '@midwatch/contracts';
import { count, percent, span } from '@midwatch/contracts/say';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { providersQuery } from '../../data/queries.ts';
import { FirstCall } from '../../parts/FirstCall.tsx';
import { Marked } from '../../parts/Marked.tsx';
import { Page } from '../../parts/Page.tsx';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx';
import { Time } from '../../parts/Time.tsx';
import { Status } from './Status.tsx';
import { summary } from './summary.ts';
import { Waits } from './Waits.tsx';
import { Week } from './Week.tsx';

export function Weather() {
  const found = useQuery(providersQuery);
  return (
    <Page title="Weather">
      {found.isError && !found.data ? (
        <ErrorState error={found.error} retry={() => void found.refetch()} />
      ) : found.isPending ? (
        <Skeleton lines={6} height={56} label="the weather" />
      ) : found.data.length === 0 ? (
        <EmptyState title="No target was asked yet">
          <p>
            Health is learnt from traffic: make a call, and the target that answered it stands here at once.
          </p>
          <FirstCall />
        </EmptyState>
      ) : (
        <>
          <Sky targets={found.data} />
          <div className="board">
            <Waits />
            <Week />
          </div>
        </>
      )}
    </Page>
  );
}

function Sky({ targets }: { readonly targets: readonly ProviderView[] }) {
  const { says, bad } = summary(targets);
  return (
    <div className="weather">
      <p className="weather-says" role="status">
        {bad ? <strong className="is-broken-text">{says}</strong> : says}
      </p>
      <table className="table weather-table">
        <caption className="sr">Targets, worst first</caption>
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Target</th>
            <th scope="col">Why</th>
            <th scope="col" className="num">
              Score
            </th>
            <th scope="col" className="num">
              Share
            </th>
            <th scope="col" className="weather-hour-head">
              Last hour
            </th>
            <th scope="col" className="num">
              Since
            </th>
          </tr>
        </thead>
        <tbody>
          {targets.map((target) => (
            <Row key={`${target.provider}/${target.model} ${target.endpoint ?? ''}`} target={target} />
          ))}
        </tbody>
      </table>
      {targets.every(({ status }) => status === 'unknown') ? <FirstCall /> : null}
      <p className="quiet weather-note">
        Score: share of good answers times speed against the target's own normal. Share: how much of its
        ordinary traffic it gets now. Whole answers and streams are judged apart; the last hour counts both
        together.
      </p>
    </div>
  );
}

function Row({ target }: { readonly target: ProviderView }) {
  const known = target.status !== 'unknown';
  return (
    <tr data-status={target.status}>
      <td className="weather-state">
        <Status target={target} />
      </td>
      <th scope="row" className="weather-target">
        <span className="weather-name">
          {target.provider}/{target.model}
        </span>
        <span className="quiet">
          {[
            target.endpoint,
            target.routes.length > 0 ? `route ${target.routes.join(', ')}` : 'no route leads here',
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </th>
      <td className="weather-why">
        {target.slow ? (
          <p className="is-broken-text">
            <Marked text={target.slow.says} />
          </p>
        ) : null}
        <Marked text={target.says} />
      </td>
      <td className="num" data-label="score">
        {known ? target.score.toFixed(2) : <span className="quiet">–</span>}
      </td>
      <td className="num" data-label="share">
        {known ? percent(target.share) : <span className="quiet">–</span>}
      </td>
      <td className="weather-hour" data-label="last hour">
        <Hour target={target} />
      </td>
      <td className="num" data-label="since" data-none={target.since === undefined || undefined}>
        {target.since === undefined ? (
          <span className="quiet" title={known ? 'It was never in another state' : undefined}>
            –
          </span>
        ) : (
          <Time at={target.since} show="ago" />
        )}
      </td>
    </tr>
  );
}

/** Good attempts of all, as a bar and in words; a target that only fails shows an empty one. */
function Hour({ target: { provider, lastHour } }: { readonly target: ProviderView }) {
  if (!lastHour || lastHour.attempts === 0) return <span className="quiet">no data</span>;
  const { attempts, good, firstTokenMs } = lastHour;
  const share = Math.min(1, good.count / attempts);
  return (
    <>
      <span className="weather-bar" aria-hidden="true">
        <i style={{ width: `${share * 100}%` }} />
        <b style={{ width: `${(1 - share) * 100}%` }} />
      </span>
      <span className="num">
        <Link to="/exchanges" search={{ provider }}>
          {count(good.count)} of {count(attempts)} good
        </Link>
        {firstTokenMs ? <span className="quiet"> · first token {span(firstTokenMs.p50)}</span> : null}
      </span>
    </>
  );
}
