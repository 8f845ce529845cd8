import type { CostReading, EpochMs, FallbackReport, ParityReading } from '#contracts';
import { percent, times } from '#contracts/say';
import { secondsToProve } from './exercise.ts';
import type { Capacity } from './failover.ts';
import type { Proof } from './proof.ts';

export interface EdgeFacts {
  readonly edge: string;
  readonly proof: Proof;
  /** Exchanges per second that may be exercised, and the share that is. */
  readonly rate: number;
  readonly share: number;
  readonly required: boolean;
  readonly capacity?: Capacity;
  /** Largest ask of the primary (its p99), and what the fallback takes; tokens. */
  readonly context?: { readonly asked: number; readonly offered: number };
  readonly parity?: readonly Omit<ParityReading, 'kind' | 'n'>[];
  readonly cost?: CostReading;
  /** What callers ask for and nothing has tried on the fallback. */
  readonly coverage?: readonly FallbackReport[];
}

export interface ReadinessRow {
  readonly edge: string;
  readonly state: Proof['state'];
  readonly n: number;
  readonly failures: number;
  readonly bound?: number;
  readonly why: string;
  readonly hashMatches: boolean;
  readonly lastSuccess?: EpochMs;
  /** Milliseconds until it can be proven at the present share; 0 when it is, Infinity when nothing exercises it. */
  readonly eta: number;
  readonly reports: readonly FallbackReport[];
  readonly required: boolean;
  /** No release while a required edge is broken or stale. */
  readonly gate: 'open' | 'shut';
}

/** One row of the readiness board, worst first. */
export function readiness(edges: readonly EdgeFacts[]): readonly ReadinessRow[] {
  const rank = { BROKEN: 0, UNPROVEN: 1, STALE: 2, PROVEN: 3 } as const;
  return edges
    .map(({ edge, proof, rate, share, required, ...facts }): ReadinessRow => {
      const { state, n, failures, bound, why, hashMatches, lastSuccess, needed } = proof;
      return {
        edge,
        state,
        n,
        failures,
        ...(bound === undefined ? {} : { bound }),
        why,
        hashMatches,
        ...(lastSuccess === undefined ? {} : { lastSuccess }),
        eta: 1_000 * secondsToProve(needed, rate, share),
        reports: reportsOf(facts),
        required,
        gate: required && (state === 'BROKEN' || state === 'STALE') ? 'shut' : 'open',
      };
    })
    .sort(
      (a, b) =>
        rank[a.state] - rank[b.state] || b.reports.length - a.reports.length || (a.edge < b.edge ? -1 : 1),
    );
}

function reportsOf({
  capacity,
  context,
  parity = [],
  cost,
  coverage = [],
}: Pick<EdgeFacts, 'capacity' | 'context' | 'parity' | 'cost' | 'coverage'>) {
  const reports: FallbackReport[] = [];
  if (capacity && !capacity.enough)
    reports.push({
      kind: 'capacity',
      text: `carries ${percent(capacity.ratio)} of the primary's p99 demand in ${capacity.axis}`,
    });
  if (context && context.offered < context.asked)
    reports.push({ kind: 'context', text: `takes ${context.offered} tokens, asks reach ${context.asked}` });
  for (const { what, verdict, estimate, own, allowed } of parity)
    if (verdict === 'BREACHED')
      reports.push({
        kind: 'parity',
        text: `${what}: ${percent(estimate ?? 1)}, of the first tier ${percent(own)}, accepted are ${percent(allowed)}`,
      });
  if (cost?.verdict === 'BREACHED')
    reports.push({
      kind: 'cost',
      text: `costs ${times(cost.ratio)} what the first tier does, an answer; accepted are ${times(cost.allowed ?? 1)}`,
    });
  return [...reports, ...coverage];
}
