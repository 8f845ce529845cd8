import type { Run } from '@midwatch/contracts';
import { shortId } from '@midwatch/contracts/say';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../data/client.ts';
import { runQuery, useMay } from '../../data/queries.ts';
import { Badge } from '../../parts/Badge.tsx';
import { Page, Section } from '../../parts/Page.tsx';
import { Snippet } from '../../parts/Snippet.tsx';
import { ErrorState, explain, Skeleton } from '../../parts/states.tsx';
import { Time } from '../../parts/Time.tsx';
import { toast } from '../../parts/toasts.tsx';
import { Approval, DecideButtons } from './Decide.tsx';
import { Became, Took } from './Runs.tsx';
import { MEANS, TONE } from './states.ts';

const at = getRouteApi('/runs/$id');

export function RunPage() {
  const { id } = at.useParams();
  const found = useQuery(runQuery(id));
  const run = found.data?.run;
  return (
    <Page
      title={`Run ${shortId(id)}`}
      heading={
        <>
          <Link to="/runs" className="crumb">
            Runs
          </Link>
          <span className="crumb-mark" aria-hidden="true">
            /
          </span>
          <span className="mono">{shortId(id)}</span>
        </>
      }
      controls={run ? <Controls run={run} /> : null}
    >
      {found.isError && !found.data ? (
        <ErrorState error={found.error} retry={() => void found.refetch()} />
      ) : null}
      {found.isPending ? <Skeleton lines={6} label="the run" /> : null}
      {run ? (
        <div className="board">
          <Section title="What became of it" aside={<span>{MEANS[run.state]}</span>}>
            <Facts run={run} />
          </Section>
          {found.data?.ask === undefined ? null : (
            <Section title="Question">
              <Snippet text={JSON.stringify(found.data.ask, null, 2)} what="the question" />
            </Section>
          )}
          {found.data?.answer === undefined ? null : (
            <Section title="Answer">
              <Snippet text={JSON.stringify(found.data.answer, null, 2)} what="the answer" />
            </Section>
          )}
        </div>
      ) : null}
    </Page>
  );
}

function Facts({ run }: { readonly run: Run }) {
  const { webhook, metadata } = run;
  return (
    <dl className="pairs">
      <dt>State</dt>
      <dd>
        <Badge tone={TONE[run.state]}>{run.cancelling ? 'cancelling' : run.state}</Badge>
      </dd>
      <dt>Why</dt>
      <dd>
        <Became run={run} />
      </dd>
      <dt>Model</dt>
      <dd>
        {run.model} <span className="quiet">{run.endpoint}</span>
      </dd>
      <dt>Asked</dt>
      <dd>
        <Time at={run.createdAt} show="full" />
      </dd>
      {run.beginsAt === undefined ? null : (
        <>
          <dt>Put off to</dt>
          <dd>
            <Time at={run.beginsAt} show="full" />
          </dd>
        </>
      )}
      {run.approval === undefined ? null : (
        <>
          <dt>Approval</dt>
          <dd className="wrap">
            <Approval approval={run.approval} />
          </dd>
        </>
      )}
      <dt>Took</dt>
      <dd className="num">
        <Took run={run} />
      </dd>
      {run.exchange === undefined ? null : (
        <>
          <dt>Exchange</dt>
          <dd>
            <Link to="/exchanges/$id" params={{ id: run.exchange }} className="mono">
              {shortId(run.exchange)}
            </Link>{' '}
            <span className="quiet">{run.outcome}</span>
          </dd>
        </>
      )}
      {run.resampleOf === undefined ? null : (
        <>
          <dt>Asks once more</dt>
          <dd>
            <Link to="/runs/$id" params={{ id: run.resampleOf }} className="mono">
              {shortId(run.resampleOf)}
            </Link>
          </dd>
        </>
      )}
      {webhook === undefined ? null : (
        <>
          <dt>Webhook</dt>
          <dd className="wrap">
            {webhook.state}, tried {webhook.tries} <span className="quiet">{webhook.url}</span>
          </dd>
        </>
      )}
      {Object.entries(metadata ?? {}).map(([name, value]) => (
        <Pair key={name} name={name} value={value} />
      ))}
    </dl>
  );
}

const Pair = ({ name, value }: { readonly name: string; readonly value: string }) => (
  <>
    <dt className="mono">{name}</dt>
    <dd className="wrap">{value}</dd>
  </>
);

function Controls({ run }: { readonly run: Run }) {
  const client = useQueryClient();
  const may = useMay('operator');
  const [busy, setBusy] = useState(false);
  const waits = run.state === 'awaiting_approval';
  const over = run.state !== 'queued' && run.state !== 'running' && !waits;
  if (!may || over) return null;
  if (waits) return <DecideButtons run={run} />;
  const cancel = async (): Promise<void> => {
    setBusy(true);
    try {
      await api.runs.cancel(run.id);
      await client.invalidateQueries({ queryKey: ['run', run.id] });
    } catch (error) {
      toast(explain(error).title, 'failed');
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type="button"
      className="button button-danger"
      disabled={busy || run.cancelling}
      onClick={() => void cancel()}
    >
      {run.cancelling ? 'Cancelling …' : 'Cancel run'}
    </button>
  );
}
