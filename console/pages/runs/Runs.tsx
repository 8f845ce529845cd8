import type { Run } from '@midwatch/contracts';
import { coarse, shortId, span } from '@midwatch/contracts/say';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { RUN_STATES, runsQuery } from '../../data/queries.ts';
import { Badge } from '../../parts/Badge.tsx';
import { Code } from '../../parts/Copy.tsx';
import { useCall } from '../../parts/FirstCall.tsx';
import { runCall } from '../../parts/firstCall.ts';
import { Page } from '../../parts/Page.tsx';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx';
import { Time, useNow } from '../../parts/Time.tsx';
import { MEANS, TONE } from './states.ts';

const at = getRouteApi('/runs');
/** Questions that are answered in their own time, whatever becomes of the caller or of this process. */
export function Runs() {
  const { state } = at.useSearch();
  const navigate = at.useNavigate();
  const runs = useInfiniteQuery(runsQuery(state === undefined ? {} : { state }));
  const call = useCall();
  const rows = runs.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <Page
      title="Runs"
      controls={
        <select
          className="select"
          aria-label="State"
          value={state ?? ''}
          onChange={({ target }) => {
            const next = RUN_STATES.find((one) => one === target.value);
            void navigate({ search: next ? { state: next } : {} });
          }}
        >
          <option value="">All states</option>
          {RUN_STATES.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      }
    >
      {runs.isError && !runs.data ? (
        <ErrorState error={runs.error} retry={() => void runs.refetch()} />
      ) : runs.isPending ? (
        <Skeleton lines={8} label="runs" />
      ) : rows.length === 0 ? (
        <EmptyState title={state ? `No run is ${state}` : 'No run yet'}>
          <p>
            A run is accepted at once and carried out even when the caller hangs up or Midwatch restarts. Its
            events are read again from any point, and its end can be told to a webhook.
          </p>
          <Code text={runCall(call)} what="the call" />
        </EmptyState>
      ) : (
        <div className="board">
          <table className="table stack-table">
            <caption className="sr">Runs, newest first</caption>
            <thead>
              <tr>
                <th scope="col">State</th>
                <th scope="col">Run</th>
                <th scope="col">Model</th>
                <th scope="col">What became of it</th>
                <th scope="col" className="num">
                  Took
                </th>
                <th scope="col" className="num">
                  Asked
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((run) => (
                <Row key={run.id} run={run} />
              ))}
            </tbody>
          </table>
          {runs.hasNextPage ? (
            <button
              type="button"
              className="button more"
              disabled={runs.isFetchingNextPage}
              onClick={() => void runs.fetchNextPage()}
            >
              {runs.isFetchingNextPage ? 'Loading …' : 'Older runs'}
            </button>
          ) : null}
        </div>
      )}
    </Page>
  );
}

function Row({ run }: { readonly run: Run }) {
  return (
    <tr>
      <td title={MEANS[run.state]}>
        <Badge tone={TONE[run.state]}>{run.cancelling ? 'cancelling' : run.state}</Badge>
      </td>
      <th scope="row">
        <Link to="/runs/$id" params={{ id: run.id }} className="mono">
          {shortId(run.id)}
        </Link>
      </th>
      <td className="wrap">
        {run.model} <span className="quiet run-endpoint">{run.endpoint.replace('/v1/', '')}</span>
      </td>
      <td className="wrap">
        <span className="two-lines" title={run.trouble}>
          <Became run={run} />
        </span>
      </td>
      <td className="num" data-label="took">
        <Took run={run} />
      </td>
      <td className="num" data-label="asked">
        <Time at={run.createdAt} show="ago" />
      </td>
    </tr>
  );
}

export function Became({ run }: { readonly run: Run }) {
  const words = [
    run.state === 'queued' && run.beginsAt !== undefined ? 'put off to a calmer hour' : undefined,
    run.state === 'awaiting_approval' && run.approval?.why !== undefined
      ? `asked: ${run.approval.why}`
      : undefined,
    run.trouble,
    run.executions > 1 ? `taken up ${run.executions} times` : undefined,
    run.webhook && run.webhook.state !== 'delivered'
      ? `webhook ${run.webhook.state}, tried ${run.webhook.tries}`
      : undefined,
  ].filter((word) => word !== undefined);
  return words.length > 0 ? words.join(' · ') : <span className="quiet">{MEANS[run.state]}</span>;
}

export function Took({ run: { startedAt, finishedAt } }: { readonly run: Run }) {
  const now = useNow();
  if (startedAt === undefined) return <span className="quiet">–</span>;
  if (finishedAt === undefined) return <span title="so far">{coarse(now - startedAt)} …</span>;
  return span(finishedAt - startedAt);
}
