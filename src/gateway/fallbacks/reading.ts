import type {
  EpochMs,
  FallbackView,
  ParityKind,
  ParityReading,
  ProbeProof,
  QuotaConfig,
  Route,
} from '#contracts';
import { PARITY_KINDS } from '#contracts';
import {
  type Capacity,
  capacity,
  type DearnessState,
  edgeProof,
  type ParityState,
  type Proof,
  type ProofState,
  parity,
  readDearness,
  readiness,
  readShown,
  type Shown,
  type ShownReading,
  secondsToProve,
  standsAt,
} from '#kernel/tiers';
import type { Step } from '../plan.ts';
import { unserved } from './asker.ts';
import { type Covered, UNCOVERED, uncovered } from './coverage.ts';
import { against, type DemandState, NO_USUAL, ownShare, peakOf, type Usual } from './demand.ts';
import type { Edge } from './edges.ts';
import { rate } from './ramp.ts';

/** By how much a fallback may break each more often than the first tier does, before it is reported. */
export const PARITY: Readonly<Record<ParityKind, ReturnType<typeof parity>>> = {
  shape: parity({ margin: 0.02 }),
  slow: parity({ margin: 0.05 }),
  length: parity({ margin: 0.1 }),
};
const SAYS: Readonly<Record<ParityKind, string>> = {
  shape: 'answers that break the schema of their ask',
  slow: 'slow answers',
  length: 'answers of a third or three times the usual length',
};

const DEARER = 'dearer answers';

/** What a ramp has carried. */
export interface Carries {
  readonly perSecond: number;
  /** Of each of its asks, the answer included. */
  readonly tokens: number;
}

/** What was seen of one edge. Plain JSON. */
export interface EdgeState {
  readonly exercised: ProofState;
  /** Ways in which answers were no match for those of the first tier, under the contract of `exercised`. */
  readonly parity?: Readonly<Partial<Record<ParityKind, ParityState>>> | undefined;
  /** What its answers cost over those of the first tier. */
  readonly cost?: DearnessState | undefined;
  /** The first tier beside which it was exercised last, and how often. */
  readonly compared?: { readonly first: string; readonly n: number } | undefined;
  /** What its exercises asked for. */
  readonly covered?: Covered | undefined;
  /** Good exercises by who asked. */
  readonly askers?: Readonly<Record<string, number>> | undefined;
  /** Of its good answers. */
  readonly usual?: Usual | undefined;
  /** Smallest ask that was more than its window holds, input tokens. */
  readonly overflow?: number | undefined;
  readonly probed?: Shown & Pick<ProbeProof, 'checks'>;
  readonly load?: Shown & Carries;
  /** What its provider allows a minute, by axis, as it said itself. */
  readonly limits?: Readonly<Record<string, number>>;
}

/** An edge as it stands, without the sentence for a person. */
export type EdgeReading = Omit<FallbackView, 'says' | 'todo'>;

const rule = edgeProof();

export interface EdgeSight {
  readonly route: Route;
  readonly step: Step;
  readonly edge: Edge;
  readonly state: EdgeState | undefined;
  readonly demand: DemandState | undefined;
  readonly now: EpochMs;
}

export function readEdge(sight: EdgeSight): EdgeReading {
  const { route, step, edge, state, demand, now } = sight;
  const { name, contract } = edge;
  const { exercise, tiers } = route.config;
  const proof = rule.read(state?.exercised ?? rule.start(contract), now, contract);
  const { hashMatches, lastSuccess } = proof;
  const lately = demand ? rateOf(demand) : 0;
  const exercised = exercisedOf(sight, proof, lately);
  const probed = {
    ...readShown(state?.probed, now, contract),
    checks: state?.probed?.contract === contract ? state.probed.checks : [],
  };
  const peak = demand && peakOf(demand);
  const headroom = headroomOf(step, state, demand);
  const carried = state?.load?.contract === contract ? state.load.perSecond : undefined;
  const load = {
    ...outgrown(readShown(state?.load, now, contract), carried, peak && peak.requests / 60),
    ...(carried !== undefined && { perSecond: carried }),
    ...(peak && { needed: peak.requests / 60 }),
    ...(headroom && { headroom }),
  };
  const required = tiers.find((t) => t.name === name.tier)?.minProof;
  const stands = standsAt(required, { probed, exercised, load });
  const overflow = hashMatches ? state?.overflow : undefined;
  const offered = Math.min(
    step.target.contextWindow ?? Number.POSITIVE_INFINITY,
    overflow ?? Number.POSITIVE_INFINITY,
  );
  const asked = Math.max(peak?.largest ?? 0, overflow === undefined ? 0 : overflow + 1);
  const [row] = readiness([
    {
      edge: edge.key,
      proof,
      rate: lately,
      share: exercise.share,
      required: required !== undefined,
      ...(headroom && { capacity: headroom }),
      context: { asked: Math.round(asked), offered: Math.round(offered) },
      parity: exercised.parity,
      ...(exercised.cost && { cost: exercised.cost }),
      coverage: demand && hashMatches ? uncovered(state?.covered ?? UNCOVERED, demand, probed.checks) : [],
    },
  ]);
  return {
    ...name,
    ...(required !== undefined && { required }),
    state: stands,
    ready: required === undefined || stands === 'PROVEN',
    hashMatches,
    ...(lastSuccess !== undefined && { lastSuccess }),
    probed,
    exercised,
    load,
    reports: row?.reports ?? [],
  };
}

/** What a ramp has carried is no proof any more once the route needs more than that. */
function outgrown(
  shown: ShownReading,
  carried: number | undefined,
  needed: number | undefined,
): ShownReading {
  if (shown.state !== 'PROVEN' || carried === undefined || needed === undefined || needed <= carried)
    return shown;
  return { ...shown, state: 'STALE', why: `carried ${rate(carried)}, and ${rate(needed)} are needed by now` };
}

/** Good answers are not enough: they must be no worse than those of the first tier, and beside the one that stands there now. */
function exercisedOf(
  { route, edge, state, demand }: EdgeSight,
  proof: Proof,
  rate: number,
): EdgeReading['exercised'] {
  const { hashMatches, lastSuccess, ...counts } = proof;
  const { share, dear } = route.config.exercise;
  const { compared } = state ?? {};
  const same = hashMatches && (compared === undefined || compared.first === edge.first);
  const anew = compared && hashMatches ? Math.max(0, rule.enough - (same ? compared.n : 0)) : 0;
  const parity = PARITY_KINDS.flatMap((kind): readonly ParityReading[] => {
    const seen = same ? state?.parity?.[kind] : undefined;
    const own = demand ? ownShare(demand, kind) : 0;
    return seen ? [{ kind, what: SAYS[kind], ...PARITY[kind].read(seen, own) }] : [];
  });
  const cost = same && state?.cost ? readDearness(state.cost, dear) : undefined;
  const breached =
    parity.find(({ verdict }) => verdict === 'BREACHED') ??
    (cost?.verdict === 'BREACHED' ? { what: DEARER } : undefined);
  const asker = hashMatches ? unserved(state?.askers ?? {}, demand?.askers ?? {}, rule.enough) : undefined;
  const needed = Math.max(proof.needed, anew, asker?.needed ?? 0);
  const eta = 1_000 * secondsToProve(needed, rate, share);
  const lastExercise = state?.exercised.lastExercise;
  return {
    ...counts,
    ...(counts.state === 'PROVEN' &&
      anew > 0 && {
        state: 'STALE',
        why: `the first tier has changed, and so has what it is compared with; ${anew} exercises short`,
      }),
    ...(counts.state === 'PROVEN' && asker && { state: 'UNPROVEN', why: asker.why }),
    ...(counts.state === 'PROVEN' &&
      breached && { state: 'UNPROVEN', why: `worse than the first tier: ${breached.what}` }),
    needed,
    parity,
    ...(cost && { cost }),
    against: same ? against(state?.usual ?? NO_USUAL, demand?.usual ?? NO_USUAL) : {},
    share,
    ...(Number.isFinite(eta) && { etaMs: eta }),
    ...(lastSuccess !== undefined && { lastSuccess }),
    ...(lastExercise !== undefined && { lastExercise }),
  };
}

/** Exchanges per second, lately. */
const rateOf = ({ minutes, requests }: DemandState): number => {
  const last = minutes.slice(-10);
  return last.length === 0 ? requests / 60 : last.reduce((sum, [n]) => sum + n, 0) / last.length / 60;
};

/** What the provider allows over what the route needs at its p99 minute; undefined while either is unknown. */
export function headroomOf(
  step: Step,
  state: Pick<EdgeState, 'limits'> | undefined,
  demand: DemandState | undefined,
): Capacity | undefined {
  const peak = demand && peakOf(demand);
  if (!peak) return undefined;
  return capacity(
    { ...state?.limits, ...declared(step) },
    {
      requests: peak.requests,
      tokens: peak.tokensIn + peak.tokensOut,
      input_tokens: peak.tokensIn,
      output_tokens: peak.tokensOut,
    },
  );
}

/** Limits that the configuration states; they are kept whatever the provider says. */
export function declared({ target }: Step): Readonly<Record<string, number>> {
  const quotas = (target.settings.quota ?? []) as readonly QuotaConfig[];
  const model = target.model ?? '';
  const own = quotas.find(({ models }) =>
    new RegExp(`^${models.split('*').map(literal).join('.*')}$`).test(model),
  );
  if (!own) return {};
  const limits: Record<string, number | undefined> = {
    requests: own.requestsPerMinute,
    tokens: own.tokensPerMinute,
    input_tokens: own.tokensInPerMinute,
    output_tokens: own.tokensOutPerMinute,
  };
  return Object.fromEntries(
    Object.entries(limits).filter((limit): limit is [string, number] => limit[1] !== undefined),
  );
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
