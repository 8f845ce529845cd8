import type { RampView } from '@midwatch/contracts';
import { count, percent } from '@midwatch/contracts/say';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../data/client.ts';
import { rampsQuery, useMay } from '../../data/queries.ts';
import { Badge, type Tone } from '../../parts/Badge.tsx';
import { Gauge } from '../../parts/Gauge.tsx';
import { Marked } from '../../parts/Marked.tsx';
import { Page, Section } from '../../parts/Page.tsx';
import { Snippet } from '../../parts/Snippet.tsx';
import { EmptyState, ErrorState, explain, Skeleton } from '../../parts/states.tsx';
import { Time } from '../../parts/Time.tsx';
import { toast } from '../../parts/toasts.tsx';
import { Matrix } from './Matrix.tsx';

const EXAMPLE = `routes:
  support:
    tiers:
      - name: primary
        targets: [ { provider: openai, model: gpt-5.5 } ]
      - name: candidate
        targets: [ { provider: openai, model: gpt-5.5-mini } ]
    ramp:
      to: candidate
      stages:
        - [ 5, 5, 0, 0, 0 ]
        - [ 50, 50, 5, 5, 1 ]
        - [ 100, 100, 50, 50, 10 ]
      harm: 40
`;

/** A new path is given the easy asks first, and each difficulty answers for itself. */
export function Ramp() {
  const found = useQuery(rampsQuery);
  return (
    <Page title="Ramp">
      {found.isError && !found.data ? (
        <ErrorState error={found.error} retry={() => void found.refetch()} />
      ) : found.isPending ? (
        <Skeleton lines={5} height={64} label="ramps" />
      ) : found.data.length === 0 ? (
        <EmptyState title="Nothing is being ramped">
          <p>
            Write a ramp into a route: asks are told apart by difficulty before they are sent, the easy ones
            take the new path first, and each bucket is judged, and taken back, on its own.
          </p>
          <Snippet text={EXAMPLE} what="the example" />
        </EmptyState>
      ) : (
        <div className="board">
          {found.data.map((ramp) => (
            <One key={ramp.route} ramp={ramp} />
          ))}
        </div>
      )}
    </Page>
  );
}

const TONE: Readonly<Record<RampView['gate']['verdict'], Tone>> = {
  pass: 'good',
  wait: 'running',
  stop: 'broken',
};
const WORD: Readonly<Record<RampView['gate']['verdict'], string>> = {
  pass: 'may go on',
  wait: 'gathers',
  stop: 'stopped',
};

function One({ ramp }: { readonly ramp: RampView }) {
  const { gate, harm, exposure } = ramp;
  return (
    <Section
      title={ramp.route}
      aside={
        <span>
          {ramp.from} → {ramp.to} · stage {ramp.stage} of {ramp.stages.length} since{' '}
          <Time at={ramp.since} show="ago" />
        </span>
      }
    >
      <p className="ramp-says">
        <Badge tone={TONE[gate.verdict]}>{WORD[gate.verdict]}</Badge>
        <span>
          <Marked text={ramp.says} />
        </span>
        <Actions ramp={ramp} />
      </p>
      <div className="table-scroll">
        <Matrix ramp={ramp} />
      </div>
      <div className="gauges">
        <Gauge
          label="Harm, at worst"
          says={`${harm.upper.toFixed(1)} of ${count(harm.budget)} bad answers`}
          parts={[
            {
              share: harm.upper / Math.max(1, harm.budget),
              kind: harm.upper > harm.budget ? 'broken' : 'tight',
            },
          ]}
          note={`${count(harm.seen)} seen on the new path so far`}
        />
        <Gauge
          label="Hard asks on the new path"
          says={exposure.hard === undefined ? 'no data' : percent(exposure.hard)}
          parts={[{ share: exposure.hard ?? 0, kind: 'good' }]}
          note={`of all asks ${exposure.all === undefined ? 'no data' : percent(exposure.all)}: a share of users says nothing about the hard ones`}
        />
      </div>
      <p className="quiet small">
        <Link to="/routes/$name" params={{ name: ramp.route }}>
          The route
        </Link>
        {ramp.allow.length > 0 ? ` · always on the new path: ${ramp.allow.join(', ')}` : ''}
        {ramp.learnt.seen < ramp.learnt.of
          ? ` · learning what is hard: ${count(ramp.learnt.seen)} of ${count(ramp.learnt.of)} asks`
          : ''}
      </p>
    </Section>
  );
}

function Actions({ ramp }: { readonly ramp: RampView }) {
  const client = useQueryClient();
  const may = useMay('operator');
  const [busy, setBusy] = useState(false);
  if (!may) return null;
  const act = async (what: () => Promise<RampView>, done: string): Promise<void> => {
    setBusy(true);
    try {
      await what();
      toast(done);
      await client.invalidateQueries({ queryKey: ['ramps'] });
    } catch (error) {
      const said = explain(error);
      toast(`${said.title} ${said.hint}`, 'failed');
    } finally {
      setBusy(false);
    }
  };
  return (
    <span className="ramp-actions">
      <button
        type="button"
        className="button"
        disabled={busy || ramp.gate.verdict !== 'pass'}
        onClick={() => void act(() => api.ramps.advance(ramp.route), `${ramp.route} went on`)}
      >
        Next stage
      </button>
      <button
        type="button"
        className="button button-danger"
        disabled={busy}
        onClick={() =>
          void act(() => api.ramps.rollback(ramp.route), `${ramp.route} is back on ${ramp.from}`)
        }
      >
        Roll back
      </button>
    </span>
  );
}
