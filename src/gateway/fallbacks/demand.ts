import type { AskFacets, EpochMs } from '#contracts';

/** What callers of one route ask for: how much at its busiest, how large, and how long an answer usually takes. Plain JSON. */
export interface DemandState {
  /** Minute that runs, since 1970. */
  minute: number;
  requests: number;
  tokens: number;
  /** Output tokens that were asked for, or written where nobody said. */
  output: number;
  /** Requests, input and output tokens of each minute that had any, oldest first; of a day at most. */
  readonly minutes: [number, number, number][];
  /** Number of asks by the logarithm of their input tokens. */
  readonly sizes: Record<string, number>;
  sized: number;
  tokensIn: number;
  /** Asks, and those among them with tools or a schema for the answer. */
  seen: number;
  tools: number;
  structured: number;
  /** Means of logarithms over answers of the first tier. */
  readonly usual: { n: number; total: number; firstToken: number; tokens: number };
}

export const newDemand = (): DemandState => ({
  minute: 0,
  requests: 0,
  tokens: 0,
  output: 0,
  minutes: [],
  sizes: {},
  sized: 0,
  tokensIn: 0,
  seen: 0,
  tools: 0,
  structured: 0,
  usual: { n: 0, total: 0, firstToken: 0, tokens: 0 },
});

const MINUTE = 60_000;
const DAY = 1_440;
/** Buckets of sizes are so wide: 5 %. */
const STEP = Math.log(1.05);
/** Older asks count half once there are so many, so that sizes follow a product that changes. */
const MANY = 20_000;
/** Answers that make a usual time. */
const ENOUGH = 20;
/** Weight of the latest answer once there are more than its inverse. */
const LATEST = 0.01;

/** An exchange has begun. */
export function saw(
  state: DemandState,
  now: EpochMs,
  tokensIn: number,
  tokensOut: number,
  { tools, structured, maxOutput }: Pick<AskFacets, 'tools' | 'structured' | 'maxOutput'>,
): void {
  const minute = Math.floor(now / MINUTE);
  if (minute !== state.minute) {
    if (state.requests > 0) state.minutes.push([state.requests, state.tokens, state.output]);
    if (state.minutes.length > DAY) state.minutes.shift();
    state.minute = minute;
    state.requests = 0;
    state.tokens = 0;
    state.output = 0;
  }
  state.requests++;
  state.seen++;
  if (tools > 0) state.tools++;
  if (structured) state.structured++;
  state.tokens += tokensIn;
  // A provider that limits tokens takes what an answer may have before it is written.
  state.output += maxOutput ?? tokensOut;
  if (tokensIn <= 0) return;
  const bucket = Math.ceil(Math.log(tokensIn) / STEP);
  state.sizes[bucket] = (state.sizes[bucket] ?? 0) + 1;
  state.sized++;
  state.tokensIn += tokensIn;
  if (state.sized >= MANY) halve(state);
}

function halve(state: DemandState): void {
  const before = state.sized;
  state.sized = 0;
  for (const [bucket, n] of Object.entries(state.sizes)) {
    const half = n >> 1;
    if (half === 0) delete state.sizes[bucket];
    else state.sizes[bucket] = half;
    state.sized += half;
  }
  state.tokensIn *= state.sized / before;
}

export interface Answered {
  /** Milliseconds. */
  readonly total: number;
  /** Of streams. */
  readonly firstToken?: number | undefined;
  readonly tokens: number;
}

/** The first tier has answered well. */
export function answered({ usual }: DemandState, { total, firstToken = total, tokens }: Answered): void {
  usual.n++;
  const weight = Math.max(1 / usual.n, LATEST);
  usual.total += weight * (Math.log(Math.max(1, total)) - usual.total);
  usual.firstToken += weight * (Math.log(Math.max(1, firstToken)) - usual.firstToken);
  usual.tokens += weight * (Math.log(Math.max(1, tokens)) - usual.tokens);
}

/** Below so many milliseconds nobody is slow. */
const BRISK = 2_000;

/** Milliseconds after which an answer of so many tokens is slow; undefined while too little is known. */
export function slowAfter({ usual }: DemandState, factor: number, tokens: number): number | undefined {
  if (usual.n < ENOUGH) return undefined;
  // A longer answer may take longer; a shorter one need not be quicker.
  const longer = Math.max(1, tokens / Math.exp(usual.tokens));
  return Math.max(BRISK, factor * Math.exp(usual.total) * longer);
}

/** Is this answer slower than what any caller of the first tier is used to? */
export function isSlow(state: DemandState, factor: number, { total, firstToken, tokens }: Answered): boolean {
  const limit = slowAfter(state, factor, tokens);
  if (limit === undefined) return false;
  const first = Math.max(BRISK, factor * Math.exp(state.usual.firstToken));
  return total > limit || (firstToken !== undefined && firstToken > first);
}

export interface Peak {
  /** In the p99 minute. */
  readonly requests: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
  /** Input tokens that 99 % of the asks stay below, and their mean. */
  readonly largest: number;
  readonly mean: number;
}

/** Undefined before anything was asked. */
export function peakOf(state: DemandState): Peak | undefined {
  const minutes = [...state.minutes, [state.requests, state.tokens, state.output] as const];
  const p99 = (values: readonly number[]) =>
    values.toSorted((a, b) => a - b)[Math.ceil(0.99 * values.length) - 1] ?? 0;
  const requests = p99(minutes.map(([n]) => n));
  if (requests === 0) return undefined;
  return {
    requests,
    tokensIn: p99(minutes.map(([, n]) => n)),
    tokensOut: p99(minutes.map(([, , n]) => n)),
    largest: largestOf(state),
    mean: state.sized === 0 ? 0 : state.tokensIn / state.sized,
  };
}

function largestOf({ sizes, sized }: DemandState): number {
  let left = 0.99 * sized;
  for (const bucket of Object.keys(sizes)
    .map(Number)
    .sort((a, b) => a - b)) {
    left -= sizes[bucket] ?? 0;
    // The lower edge: what is said of the largest asks must be true of them.
    if (left <= 0) return Math.floor(Math.exp((bucket - 1) * STEP)) + 1;
  }
  return 0;
}
