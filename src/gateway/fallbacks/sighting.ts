import type { AskFacets, Attempt, EpochMs, ParityKind, Route } from '#contracts';
import { isGood, PARITY_KINDS } from '#contracts';
import { dearer, edgeProof, NO_PAIRS, type ParityState } from '#kernel/tiers';
import { ours } from '../fair.ts';
import type { Try, TryEnd, Walk } from '../walk.ts';
import { askerOf, servedAsker } from './asker.ts';
import { coveredWith, UNCOVERED } from './coverage.ts';
import {
  type Answered,
  alikeOf,
  type Breaks,
  type DemandState,
  isOdd,
  isSlow,
  NO_USUAL,
  newDemand,
  ownShare,
  partnerOf,
  usualWith,
} from './demand.ts';
import { type Edge, firstOf } from './edges.ts';
import { keepsShape } from './parity.ts';
import { type EdgeState, PARITY } from './reading.ts';

/** What one try has shown of a route and its fallbacks: plain data, so that it can be told to another gateway of the house. */
export interface Sighting {
  readonly at: EpochMs;
  readonly route: string;
  /** An exchange has begun: what it asks for. */
  readonly asked?: {
    readonly tokensIn: number;
    readonly tokensOut: number;
    readonly facets: Pick<AskFacets, 'tools' | 'structured' | 'maxOutput'>;
  };
  /** The first tier has answered well, and who that is. */
  readonly answered?: Answered & { readonly first: string };
  /** And was held to what its fallbacks are held to. */
  readonly judged?: Breaks;
  /** Fingerprint of who asked, looked at now and then. */
  readonly asker?: string;
  /** What another house was asked for, summed up within a minute. */
  readonly elsewhere?: DemandState;
  /** All that another house knows of an edge. */
  readonly known?: { readonly key: string; readonly state: EdgeState };
  readonly edge?: EdgeSighting;
  /** What a drill has shown, by key of the edge. */
  readonly shown?: { readonly key: string; readonly contract: string; readonly found: Shown };
}

export type Shown = Pick<EdgeState, 'probed' | 'load' | 'limits'>;

interface EdgeSighting extends Pick<Edge, 'key' | 'contract' | 'first'> {
  readonly good: boolean;
  readonly reason: string;
  /** What the answer was held to; empty where it was none. */
  readonly breaks: Breaks;
  /** Of a good one. */
  readonly answered?: Answered;
  /** What an exercise asked for, and who asked. */
  readonly asked?: Pick<AskFacets, 'tools' | 'structured'>;
  readonly asker?: string | undefined;
  /** Input tokens that were more than the window holds. */
  readonly overflow?: number;
  /** What its answers may cost over those of the first tier. */
  readonly dear?: number | undefined;
}

const rule = edgeProof();

export interface Sight {
  readonly at: EpochMs;
  readonly route: Route;
  readonly one: Try;
  readonly end: TryEnd;
  readonly walk: Walk;
  readonly row: Attempt;
  readonly demand: DemandState;
  readonly edge: () => Edge;
  /** Is an answer of the first tier to be looked at? */
  readonly judges: () => boolean;
  /** And who asked for it? */
  readonly looks: () => boolean;
}

/** The end of a try; those of the first tier prove nothing, but show what a fallback must be able to do. */
export function sightingOf({ at, route, one, end, walk, row, demand, edge, judges, looks }: Sight): Sighting {
  const { outcome } = end;
  const { usage } = row;
  const { total, firstToken } = row.timing;
  const { microUsd } = row.cost;
  const tokensIn = usage.input + usage.cacheRead + usage.cacheWrite + usage.cacheWriteLong;
  const tokens = usage.output + usage.reasoning;
  const alike = row.cost.state === 'unpriced' || microUsd <= 0 ? undefined : alikeOf(tokensIn, walk.facets);
  const { tools, structured, maxOutput } = walk.facets;
  // Written out where spreads would read nicer: this is made for every try.
  const asked =
    one.number === 1 ? { tokensIn, tokensOut: tokens, facets: { tools, structured, maxOutput } } : undefined;
  // Of a try during which we stood still neither the time nor its failure says anything.
  if (one.stood && (ours(one, end) || isGood(outcome))) return { at, route: route.name, asked };
  if (one.tier === route.tiers[0]) {
    if (!isGood(outcome)) return { at, route: route.name, asked };
    const answered = { total, firstToken, tokens, microUsd, alike, first: firstOf(route) };
    const real = walk.source === 'gateway';
    const judged = real && judges() ? breaksOf(end, walk, route, demand, answered) : undefined;
    const asker = real && looks() ? askerOf(walk.body) : undefined;
    return { at, route: route.name, asked, answered, judged, asker };
  }
  // A caller who leaves has not shown that the edge is broken.
  if (outcome === 'cancelled') return { at, route: route.name, asked };
  const answered = { total, firstToken, tokens, microUsd, alike };
  const shown = edgeSighting(edge(), { route, end, walk, demand }, answered, tokensIn);
  return { at, route: route.name, asked, edge: shown };
}

/** Parsing the schema of an ask has its price: `shaped` says whether it is paid for this answer. */
function breaksOf(
  { outcome, reading }: TryEnd,
  walk: Walk,
  route: Route,
  demand: DemandState,
  answered: Answered,
  shaped = true,
): Breaks {
  const { tools, structured } = walk.facets;
  const kept =
    shaped && reading && (tools > 0 || structured)
      ? keepsShape(walk.body as Uint8Array, reading.message())
      : undefined;
  const good = isGood(outcome);
  const odd = good ? isOdd(demand, answered) : undefined;
  return {
    shape: kept === undefined ? undefined : !kept,
    slow: good ? isSlow(demand, route.config.exercise.slow, answered) : undefined,
    length: odd,
  };
}

function edgeSighting(
  { key, contract, first }: Edge,
  { route, end, walk, demand }: Pick<Sight, 'route' | 'end' | 'walk' | 'demand'>,
  answered: Answered,
  tokensIn: number,
): EdgeSighting {
  const { outcome, failure } = end;
  const chosen = walk.source === 'exercise' || walk.source === 'shadow';
  const breaks = breaksOf(end, walk, route, demand, answered, chosen);
  return {
    key,
    contract,
    first,
    good: isGood(outcome) && !breaks.shape && !breaks.slow,
    reason: failure
      ? `${failure.kind}: ${failure.hint}`.slice(0, 200)
      : breaks.shape
        ? 'the answer breaks the schema that its ask declares'
        : breaks.slow
          ? `slow: ${Math.round(answered.total)} ms`
          : outcome,
    breaks,
    ...(isGood(outcome) && { answered }),
    dear: route.config.exercise.dear,
    ...(chosen && {
      asked: { tools: walk.facets.tools, structured: walk.facets.structured },
      asker: askerOf(walk.body),
    }),
    ...(failure?.kind === 'context_overflow' && { overflow: tokensIn || walk.facets.bytes / 4 }),
  };
}

/** An edge after what was seen of it; `demand`: what the first tier's own answers are like. */
export function afterSighting(
  before: EdgeState | undefined,
  at: EpochMs,
  { contract, first, good, reason, breaks, answered, asked, asker, overflow, dear }: EdgeSighting,
  demand: DemandState = newDemand(),
): EdgeState {
  const state =
    before?.exercised.contract === contract
      ? before
      : {
          ...before,
          exercised: rule.start(contract),
          parity: {},
          cost: undefined,
          usual: NO_USUAL,
          compared: undefined,
          covered: undefined,
          askers: undefined,
          overflow: undefined,
        };
  const smallest = Math.min(state.overflow ?? Number.POSITIVE_INFINITY, overflow ?? Number.POSITIVE_INFINITY);
  // What an earlier version has left behind was compared with this one, as far as anybody knows.
  const { compared = { first, n: state.exercised.recent.length } } = state;
  const same = compared.first === first;
  // Only of exercises, which are drawn by chance: what falls over is of an hour at which the first tier was not itself.
  const partner = answered && asked && partnerOf(demand, answered.alike);
  const cost = same ? state.cost : undefined;
  return {
    ...state,
    exercised: rule.step(state.exercised, { at, contract, good, reason }, contract),
    compared: { first, n: (same ? compared.n : 0) + 1 },
    parity: stepped(same ? state.parity : {}, breaks, demand),
    cost: answered && partner ? dearer(cost ?? NO_PAIRS, answered.microUsd / partner, dear) : cost,
    usual: answered ? usualWith(state.usual ?? NO_USUAL, answered) : state.usual,
    covered: asked ? coveredWith(state.covered ?? UNCOVERED, asked) : state.covered,
    askers: good && asker !== undefined ? servedAsker(state.askers ?? {}, asker) : state.askers,
    overflow: smallest === Number.POSITIVE_INFINITY ? undefined : smallest,
  };
}

function stepped(before: EdgeState['parity'] = {}, breaks: Breaks, demand: DemandState): EdgeState['parity'] {
  const after: Partial<Record<ParityKind, ParityState>> = { ...before };
  for (const what of PARITY_KINDS) {
    const broke = breaks[what];
    if (broke !== undefined)
      after[what] = PARITY[what].step(after[what] ?? PARITY[what].start, broke, ownShare(demand, what));
  }
  return after;
}

/** An edge with what a drill has shown beside what was exercised. */
export const afterShown = (before: EdgeState | undefined, contract: string, found: Shown): EdgeState => ({
  ...(before ?? { exercised: rule.start(contract) }),
  ...found,
});

/** So many answers may be told already and not yet heard: that is not to have seen less. */
const ON_THEIR_WAY = 5;

/** Of what two houses know of one edge, what goes on: who saw it break last, or else who has seen more; of drills the latest. */
export function fuller(own: EdgeState | undefined, theirs: EdgeState): EdgeState {
  if (own?.exercised.contract !== theirs.exercised.contract) return theirs;
  const [a, b] = [own.exercised, theirs.exercised];
  const broke = (b.brokenAt ?? 0) - (a.brokenAt ?? 0);
  const base = broke > 0 || (broke === 0 && b.recent.length > a.recent.length + ON_THEIR_WAY) ? theirs : own;
  const probed = later(own.probed, theirs.probed);
  const load = later(own.load, theirs.load);
  const limits = base.limits ?? own.limits ?? theirs.limits;
  return { ...base, ...(probed && { probed }), ...(load && { load }), ...(limits && { limits }) };
}

const later = <T extends { readonly at: EpochMs }>(a: T | undefined, b: T | undefined): T | undefined =>
  a && b ? (b.at > a.at ? b : a) : (a ?? b);
