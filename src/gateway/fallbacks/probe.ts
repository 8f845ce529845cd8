import { isGood, type ProbeCheck, type ProbeProof } from '#contracts';
import { readQuotas } from '#kernel/resilience';
import type { Told } from '../own-call.ts';
import { type DrillAsk, filler, PLAIN, SMALL, WITH_SCHEMA, WITH_TOOL } from './asks.ts';
import { type DemandState, peakOf } from './demand.ts';
import { keepsShape } from './parity.ts';
import type { EdgeState } from './reading.ts';

/** Calls an edge with an ask of ours; undefined where callers of it cannot ask for that. */
export type Caller = (
  ask: Omit<DrillAsk, 'model'>,
) => Promise<(Told & { readonly ask: Uint8Array }) | undefined>;

export interface Probed {
  readonly good: boolean;
  readonly why: string;
  readonly checks: ProbeProof['checks'];
  readonly limits: EdgeState['limits'];
  readonly told: readonly Told[];
}

/** A model may miss a tool once; one that misses it twice in a row cannot be relied on. */
const TRIES = 2;
/** Smaller asks than this fit every window there is. */
const LARGE = 2_000;
/** So many asks without a tool say that callers need none. */
const TELLING = 100;

type Check = ProbeProof['checks'][number] & { readonly told: readonly Told[] };

/**
 * Every feature that callers may need, each by a call or two. Takes as long as the slowest; what found no place beside
 * the others (`concurrency`, `quota`) is asked again by itself, since that says nothing of the target.
 */
export async function probe(
  call: Caller,
  { demand, window }: { readonly demand: DemandState; readonly window: number | undefined },
): Promise<Probed> {
  const ways: readonly ((tries: number) => Promise<Check>)[] = [
    (tries) => tried('answer', call, PLAIN, ends, tries),
    (tries) => tried('stream', call, { ...PLAIN, stream: true }, ends, tries),
    (tries) => tried('tools', call, WITH_TOOL, callsTool, tries),
    (tries) => tried('schema', call, WITH_SCHEMA, (one) => ends(one) ?? shaped(one), tries),
    (tries) => fitting(call, demand, window, tries),
  ];
  const checks = await Promise.all(ways.map((ask) => ask(TRIES)));
  for (const [i, ask] of ways.entries()) {
    const first = checks[i];
    if (!first?.told.some(heldBack)) continue;
    const asked = first.told.filter((one) => !heldBack(one));
    const again = await ask(TRIES - asked.length);
    checks[i] = { ...again, told: [...asked, ...again.told] };
  }
  const failed = checks.filter(({ check, good }) => good === false && needed(check, demand));
  return {
    good: failed.length === 0 && checks[0]?.good === true,
    why: failed[0]
      ? `${failed[0].check}: ${failed[0].says}`
      : checks[0]?.good === undefined
        ? UNASKABLE
        : 'every check that callers need is good',
    checks: checks.map(({ told: _, ...check }) => check),
    limits: limitsOf(checks.flatMap(({ told }) => told)),
    told: checks.flatMap(({ told }) => told),
  };
}

/** At most, for a plan. */
export const probeCalls = (
  demand: DemandState,
  window: number | undefined,
): readonly { readonly in: number; readonly out: number }[] => {
  const small = { in: 100, out: SMALL };
  const largest = peakOf(demand)?.largest ?? 0;
  return [
    ...Array<typeof small>(4 * TRIES).fill(small),
    ...(window === undefined && largest > LARGE
      ? Array<typeof small>(TRIES).fill({ in: largest, out: SMALL })
      : []),
  ];
};

/** By ourselves: the target never saw it. */
const heldBack = ({ finished: { facts } }: Told): boolean => facts.attempts.length === 0;

const UNASKABLE = 'a drill cannot ask in this protocol';

/** What is wrong with an answer, or nothing. */
type Judge = (one: Told & { readonly ask: Uint8Array }) => string | undefined;

async function tried(
  check: ProbeCheck,
  call: Caller,
  ask: Omit<DrillAsk, 'model'>,
  judge: Judge,
  tries: number,
): Promise<Check> {
  const told: Told[] = [];
  let wrong: string | undefined = UNASKABLE;
  for (let i = 0; i < tries; i++) {
    const one = await call(ask);
    if (!one) return { check, says: UNASKABLE, told };
    told.push(one);
    wrong = judge(one);
    if (wrong === undefined) return { check, good: true, says: GOOD[check], told };
    if (heldBack(one)) break;
  }
  return { check, good: false, says: wrong ?? '', told };
}

const GOOD: Readonly<Record<ProbeCheck, string>> = {
  answer: 'it answers',
  stream: 'it streams',
  tools: 'it calls tools as their schema says',
  schema: 'it writes what a schema says',
  context: 'it takes the largest asks',
};

/** An answer cut at the limit that the drill itself set is one. */
const ends: Judge = ({ finished: { facts } }) =>
  isGood(facts.outcome) || facts.outcome === 'length'
    ? undefined
    : facts.failure
      ? `${facts.failure.kind}: ${facts.failure.hint}`.slice(0, 300)
      : facts.outcome;

const shaped: Judge = ({ ask, finished }) =>
  keepsShape(ask, finished.answer) === true ? undefined : 'what it wrote does not fit the schema';

const callsTool: Judge = (one) =>
  one.finished.facts.outcome === 'tool' ? shaped(one) : (ends(one) ?? 'it did not call the tool');

/** Does it take the largest asks of the route? A declared window is believed, for to fill it costs money. */
async function fitting(
  call: Caller,
  demand: DemandState,
  window: number | undefined,
  tries: number,
): Promise<Check> {
  const largest = peakOf(demand)?.largest ?? 0;
  if (largest === 0) return { check: 'context', says: 'nobody has asked yet', told: [] };
  if (window !== undefined)
    return {
      check: 'context',
      good: largest <= window,
      says: `asks reach ${largest} tokens (p99), it takes ${window}`,
      told: [],
    };
  if (largest <= LARGE)
    return { check: 'context', good: true, says: `asks reach ${largest} tokens (p99)`, told: [] };
  return tried('context', call, { text: filler(largest), maxTokens: SMALL }, ends, tries);
}

/** What no caller asks for need not work. */
function needed(check: ProbeCheck, { seen, tools, structured }: DemandState): boolean {
  if (seen < TELLING) return true;
  return check === 'tools' ? tools > 0 : check !== 'schema' || structured > 0;
}

/** What the provider says of its limits, by axis. */
function limitsOf(told: readonly Told[]): EdgeState['limits'] {
  const limits: Record<string, number> = {};
  // A refusal may speak of another limit than an answer does.
  for (const { headers, finished } of told)
    for (const { axis, limit } of readQuotas(headers, finished.facts.at))
      if (limit !== undefined) limits[axis] = Math.min(limit, limits[axis] ?? limit);
  return limits;
}
