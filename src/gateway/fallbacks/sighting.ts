import type { AskFacets, Attempt, EpochMs, Route } from '#contracts';
import { isGood } from '#contracts';
import { edgeProof, parity } from '#kernel/tiers';
import type { Try, TryEnd, Walk } from '../walk.ts';
import { type Answered, type DemandState, isSlow } from './demand.ts';
import type { Edge } from './edges.ts';
import { keepsShape } from './parity.ts';
import { type EdgeState, SHAPE, SLOW } from './reading.ts';

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
  /** The first tier has answered well. */
  readonly answered?: Answered;
  readonly edge?: EdgeSighting;
  /** What a drill has shown, by key of the edge. */
  readonly shown?: { readonly key: string; readonly contract: string; readonly found: Shown };
}

export type Shown = Pick<EdgeState, 'probed' | 'load' | 'limits'>;

interface EdgeSighting extends Pick<Edge, 'key' | 'contract'> {
  readonly good: boolean;
  readonly reason: string;
  /** Whether the answer keeps the schema that its ask declares; absent where none was looked at. */
  readonly kept?: boolean;
  /** Absent where the answer was none. */
  readonly slow?: boolean;
  /** Input tokens that were more than the window holds. */
  readonly overflow?: number;
}

const rule = edgeProof();
const shape = parity(SHAPE);
const slowness = parity(SLOW);

export interface Sight {
  readonly at: EpochMs;
  readonly route: Route;
  readonly one: Try;
  readonly end: TryEnd;
  readonly walk: Walk;
  readonly row: Attempt;
  readonly demand: DemandState;
  readonly edge: () => Edge;
}

/** The end of a try; those of the first tier prove nothing, but show what a fallback must be able to do. */
export function sightingOf({ at, route, one, end, walk, row, demand, edge }: Sight): Sighting {
  const { outcome } = end;
  const { usage, timing } = row;
  const tokensIn = usage.input + usage.cacheRead + usage.cacheWrite + usage.cacheWriteLong;
  const answered = { ...timing, tokens: usage.output + usage.reasoning };
  const { tools, structured, maxOutput } = walk.facets;
  const facets = { tools, structured, ...(maxOutput !== undefined && { maxOutput }) };
  const begun = {
    at,
    route: route.name,
    ...(one.number === 1 && { asked: { tokensIn, tokensOut: answered.tokens, facets } }),
  };
  if (one.tier === route.tiers[0]) return isGood(outcome) ? { ...begun, answered } : begun;
  // A caller who leaves has not shown that the edge is broken.
  if (outcome === 'cancelled') return begun;
  return { ...begun, edge: edgeSighting(edge(), { route, end, walk, demand }, answered, tokensIn) };
}

function edgeSighting(
  { key, contract }: Edge,
  { route, end, walk, demand }: Pick<Sight, 'route' | 'end' | 'walk' | 'demand'>,
  answered: Answered,
  tokensIn: number,
): EdgeSighting {
  const { outcome, failure, reading } = end;
  const answer = walk.source === 'exercise' || walk.source === 'shadow' ? reading?.message() : undefined;
  const kept = answer && keepsShape(walk.body as Uint8Array, answer);
  const slow = isGood(outcome) && isSlow(demand, route.config.exercise.slow, answered);
  return {
    key,
    contract,
    good: isGood(outcome) && kept !== false && !slow,
    reason: failure
      ? `${failure.kind}: ${failure.hint}`.slice(0, 200)
      : kept === false
        ? 'the answer breaks the schema that its ask declares'
        : slow
          ? `slow: ${Math.round(answered.total)} ms`
          : outcome,
    ...(kept !== undefined && { kept }),
    ...(isGood(outcome) && { slow }),
    ...(failure?.kind === 'context_overflow' && { overflow: tokensIn || walk.facets.bytes / 4 }),
  };
}

/** An edge after what was seen of it. */
export function afterSighting(
  before: EdgeState | undefined,
  at: EpochMs,
  { contract, good, reason, kept, slow, overflow }: EdgeSighting,
): EdgeState {
  const state =
    before?.exercised.contract === contract
      ? before
      : { ...before, exercised: rule.start(contract), broke: undefined };
  const { broke } = state;
  return {
    ...state,
    exercised: rule.step(state.exercised, { at, contract, good, reason }, contract),
    broke: {
      shape:
        kept === undefined ? (broke?.shape ?? shape.start) : shape.step(broke?.shape ?? shape.start, !kept),
      slow:
        slow === undefined
          ? (broke?.slow ?? slowness.start)
          : slowness.step(broke?.slow ?? slowness.start, slow),
      overflow:
        overflow === undefined
          ? broke?.overflow
          : Math.min(broke?.overflow ?? Number.POSITIVE_INFINITY, overflow),
    },
  };
}

/** An edge with what a drill has shown beside what was exercised. */
export const afterShown = (before: EdgeState | undefined, contract: string, found: Shown): EdgeState => ({
  ...(before ?? { exercised: rule.start(contract) }),
  ...found,
});
