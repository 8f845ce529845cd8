import type { FallbackView, ParityReading, ProofState } from '@midwatch/contracts';
import { count, percent, ratio, times } from '@midwatch/contracts/say';
import { useQuery } from '@tanstack/react-query';
import { fallbacksQuery } from '../../data/queries.ts';
import { Badge, type Tone } from '../../parts/Badge.tsx';
import { Marked } from '../../parts/Marked.tsx';
import { Section } from '../../parts/Page.tsx';
import { ErrorState, Skeleton } from '../../parts/states.tsx';
import { Time } from '../../parts/Time.tsx';

export const PROOF_TONE: Readonly<Record<ProofState, Tone>> = {
  PROVEN: 'good',
  STALE: 'short',
  UNPROVEN: 'waiting',
  BROKEN: 'broken',
};

/** What is known of every fallback before it is needed. */
export function Fallbacks() {
  const found = useQuery(fallbacksQuery);
  if (found.isError && !found.data)
    return <ErrorState error={found.error} retry={() => void found.refetch()} />;
  if (!found.data) return <Skeleton lines={4} label="fallbacks" />;
  const edges = found.data;
  const ready = edges.filter((edge) => edge.state === 'PROVEN').length;
  return (
    <Section
      title="Fallback readiness"
      aside={
        edges.length === 0 ? null : (
          <span className="num">
            {ready} of {edges.length} proven
          </span>
        )
      }
    >
      {edges.length === 0 ? (
        <p className="quiet board-none">
          No route has a second tier with a target. Give one to a route that must not stop, and a share of its
          traffic by <code>exercise</code>, so that it is proven by use.
        </p>
      ) : (
        <table className="table stack-table fallbacks">
          <caption className="sr">Fallbacks, worst first</caption>
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">Fallback</th>
              <th scope="col">What is known</th>
              <th scope="col">Probed</th>
              <th scope="col">Exercised</th>
              <th scope="col">Load</th>
              <th scope="col" className="num">
                Last success
              </th>
            </tr>
          </thead>
          <tbody>
            {edges.map((edge) => (
              <Edge
                key={`${edge.route} ${edge.tier} ${edge.provider} ${edge.model} ${edge.protocol}`}
                edge={edge}
              />
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}

function Edge({ edge }: { readonly edge: FallbackView }) {
  const { probed, exercised, load } = edge;
  return (
    <tr>
      <td>
        <Badge tone={PROOF_TONE[edge.state]}>{edge.state.toLowerCase()}</Badge>
      </td>
      <th scope="row" className="wrap">
        <span className="stack-name">
          {edge.route} → {edge.tier}
        </span>
        <span className="quiet small">
          {edge.provider}/{edge.model} · {edge.protocol}
          {edge.required ? ` · must be ${edge.required.toLowerCase()}` : ''}
        </span>
      </th>
      <td className="wrap says">
        <Marked text={edge.says} />
        {edge.hashMatches ? null : <> Changed since it was proven.</>}
        {edge.reports.map((report) => (
          <span key={report.text} className="is-short-text stack-line">
            <Marked text={report.text} />
          </span>
        ))}
        {edge.todo ? (
          <span className="quiet stack-line">
            <Marked text={edge.todo} />
          </span>
        ) : null}
      </td>
      <td data-label="probed" title={probed.why}>
        <Badge tone={PROOF_TONE[probed.state]}>{probed.state.toLowerCase()}</Badge>
      </td>
      <td
        data-label="exercised"
        title={[exercised.why, ...exercised.parity.map(heldTo), ...costOf(exercised)].join('\n')}
      >
        <Badge tone={PROOF_TONE[exercised.state]}>
          {exercised.n === 0 ? (
            'never'
          ) : (
            <span className="num">
              {count(exercised.n)}
              {exercised.bound === undefined ? '' : `, ≥ ${percent(exercised.bound)}`}
            </span>
          )}
        </Badge>
      </td>
      <td data-label="load" title={load.why}>
        <Badge tone={PROOF_TONE[load.state]}>
          {load.perSecond === undefined ? (
            load.state.toLowerCase()
          ) : (
            <span className="num">{count(load.perSecond)}/s</span>
          )}
        </Badge>
      </td>
      <td className="num" data-label="last success">
        {edge.lastSuccess === undefined ? (
          <span className="quiet">never</span>
        ) : (
          <Time at={edge.lastSuccess} show="ago" />
        )}
      </td>
    </tr>
  );
}

/** What an answer costs over one of the first tier, with its interval. */
const costOf = ({ cost }: FallbackView['exercised']): readonly string[] => {
  if (!cost) return [];
  const { n, allowed, verdict } = cost;
  const held =
    allowed === undefined ? '' : `, accepted ${times(allowed)}: ${(verdict ?? 'UNKNOWN').toLowerCase()}`;
  return [`cost of an answer: ${ratio(cost)} the first tier's, ${count(n)} pairs${held}`];
};

/** One thing that its answers are held to, against the first tier. */
const heldTo = ({ what, verdict, n, estimate, own, allowed }: ParityReading): string =>
  `${what}: ${estimate === undefined ? 'none seen' : `${percent(estimate)} of ${count(n)}`}, of the first tier ${percent(own)}, accepted ${percent(allowed)}: ${verdict.toLowerCase()}`;
