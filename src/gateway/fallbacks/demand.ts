import type { Against, AskFacets, EpochMs, ParityKind } from '#contracts';

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
  /** Who that is; another one begins anew. */
  first?: string;
  /** Who asks, lately: share of the asks by their fingerprint. */
  askers?: Readonly<Record<string, number>>;
  usual: Usual;
  /** What the latest answer of the first tier cost that has no partner yet, micro-dollars, by size and shape of its ask. */
  partners?: Record<string, number>;
  /** Of answers of the first tier that were looked at, how many break each thing that a fallback is held to. */
  own: Readonly<Record<ParityKind, Judged>>;
}

/** Means of logarithms over good answers. */
export interface Usual {
  readonly n: number;
  readonly total: number;
  readonly firstToken: number;
  readonly tokens: number;
  readonly microUsd: number;
}
export const NO_USUAL: Usual = { n: 0, total: 0, firstToken: 0, tokens: 0, microUsd: 0 };

export interface Judged {
  readonly n: number;
  readonly k: number;
}

/** Absent: was not looked at. */
export type Breaks = Readonly<Partial<Record<ParityKind, boolean>>>;

const UNSEEN: Judged = { n: 0, k: 0 };

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
  usual: NO_USUAL,
  own: { shape: UNSEEN, slow: UNSEEN, length: UNSEEN },
});

const MINUTE = 60_000;
const DAY = 1_440;
/** Buckets of sizes are so wide: 5 %. */
const STEP = Math.log(1.05);
/** Older asks count half once there are so many, so that sizes follow a product that changes. */
const MANY = 20_000;
/** Judged answers of the first tier that tell its own share, that tell it well, and after which older ones count half. */
const TELLING = 100;
const SURE = 400;
const JUDGED = 4_000;
/** Share of its answers that is looked at when it is told well. */
const SOME = 0.05;
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
  turnTo(state, minuteOf(now));
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

export const minuteOf = (at: EpochMs): number => Math.floor(at / MINUTE);

/** A minute is over. What comes in late, from another thread or machine, counts in the one that runs. */
function turnTo(state: DemandState, minute: number): void {
  if (minute <= state.minute) return;
  if (state.requests > 0) state.minutes.push([state.requests, state.tokens, state.output]);
  if (state.minutes.length > DAY) state.minutes.shift();
  state.minute = minute;
  state.requests = 0;
  state.tokens = 0;
  state.output = 0;
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
  readonly microUsd: number;
  /** Size and shape of its ask; absent where the answer has no price. */
  readonly alike?: string | undefined;
}

/** Asks of one kind: within a factor of two in input, and alike in what they want. */
export const alikeOf = (tokensIn: number, { tools, structured, stream }: Shape): string =>
  `${Math.round(Math.log2(Math.max(1, tokensIn)))}${tools > 0 ? 't' : ''}${structured ? 's' : ''}${stream ? 'e' : ''}`;
type Shape = Pick<AskFacets, 'tools' | 'structured' | 'stream'>;

/** A good answer more. */
export function usualWith(usual: Usual, { total, firstToken = total, tokens, microUsd }: Answered): Usual {
  const n = usual.n + 1;
  const weight = Math.max(1 / n, LATEST);
  const mean = (before: number, x: number) => before + weight * (Math.log(Math.max(1, x)) - before);
  return {
    n,
    total: mean(usual.total, total),
    firstToken: mean(usual.firstToken, firstToken),
    tokens: mean(usual.tokens, tokens),
    microUsd: mean(usual.microUsd, microUsd),
  };
}

/** Adds what was seen elsewhere within one minute; of its answers only where they are of the same first tier. */
export function joined(state: DemandState, part: DemandState): void {
  turnTo(state, part.minute);
  for (const name of [
    'requests',
    'tokens',
    'output',
    'seen',
    'tools',
    'structured',
    'sized',
    'tokensIn',
  ] as const)
    state[name] += part[name];
  for (const [bucket, n] of Object.entries(part.sizes)) state.sizes[bucket] = (state.sizes[bucket] ?? 0) + n;
  if (state.sized >= MANY) halve(state);
  if (part.first === undefined) return;
  answeredBy(state, part.first);
  state.usual = usualOfBoth(state.usual, part.usual);
  const own = (kind: ParityKind): Judged => {
    const { n, k } = state.own[kind];
    const many = n >= JUDGED;
    return { n: (many ? n >> 1 : n) + part.own[kind].n, k: (many ? k >> 1 : k) + part.own[kind].k };
  };
  state.own = { shape: own('shape'), slow: own('slow'), length: own('length') };
}

/** As if the answers of the other had come one by one. */
function usualOfBoth(one: Usual, other: Usual): Usual {
  if (other.n === 0) return one;
  const n = one.n + other.n;
  const weight = Math.max(other.n / n, 1 - (1 - LATEST) ** other.n);
  const mean = (name: Exclude<keyof Usual, 'n'>) => one[name] + weight * (other[name] - one[name]);
  return {
    n,
    total: mean('total'),
    firstToken: mean('firstToken'),
    tokens: mean('tokens'),
    microUsd: mean('microUsd'),
  };
}

/** A usual answer over another one. */
export function against(one: Usual, other: Usual): Against {
  if (one.n < ENOUGH || other.n < ENOUGH) return {};
  const ratio = (name: 'total' | 'tokens' | 'microUsd') => Math.exp(one[name] - other[name]);
  return {
    time: ratio('total'),
    length: ratio('tokens'),
    // Where one of them bills nothing there is no ratio.
    ...(one.microUsd > 0 && other.microUsd > 0 && { cost: ratio('microUsd') }),
  };
}

/** Forgets what the first tier is like when it is another one than before. */
export function answeredBy(state: DemandState, first: string): void {
  if (state.first !== undefined && state.first !== first) {
    const { usual, own } = newDemand();
    Object.assign(state, { usual, own, partners: undefined });
  }
  state.first = first;
}

/** An answer of the first tier may be the partner of one exercise. */
export function offers(state: DemandState, { alike, microUsd }: Answered): void {
  if (alike === undefined) return;
  state.partners ??= {};
  state.partners[alike] = microUsd;
}

/** What it cost, and it is nobody else's partner; undefined where there is none. */
export function partnerOf(state: DemandState, alike: string | undefined): number | undefined {
  const cost = alike === undefined ? undefined : state.partners?.[alike];
  if (!cost) return undefined;
  (state.partners as Record<string, number>)[alike as string] = 0;
  return cost;
}

/** An answer of the first tier was held to what its fallbacks are held to. */
export function judged(state: DemandState, breaks: Breaks): void {
  const count = (parity: ParityKind): Judged => {
    const { n, k } = state.own[parity];
    const broke = breaks[parity];
    if (broke === undefined) return state.own[parity];
    const many = n >= JUDGED;
    return { n: (many ? n >> 1 : n) + 1, k: (many ? k >> 1 : k) + (broke ? 1 : 0) };
  };
  state.own = { shape: count('shape'), slow: count('slow'), length: count('length') };
}

/** Share of the first tier's own answers that break it; 0 while too few were looked at to say. */
export const ownShare = ({ own }: DemandState, parity: ParityKind): number =>
  own[parity].n < TELLING ? 0 : own[parity].k / own[parity].n;

/** Is another answer of the first tier to be looked at? Its schema is parsed for that, so not of all. */
export const judges = ({ own }: DemandState, chance: number): boolean => own.shape.n < SURE || chance < SOME;

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

/** An answer so many times longer or shorter than usual is another kind of answer. */
const OTHERWISE = Math.log(3);

/** Is this answer of another length than what callers of the first tier are used to? Undefined while nobody knows. */
export function isOdd({ usual }: DemandState, { tokens }: Answered): boolean | undefined {
  if (usual.n < ENOUGH || tokens === 0) return undefined;
  return Math.abs(Math.log(tokens) - usual.tokens) > OTHERWISE;
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

/** Minutes that tell something of a day, and those that are now. */
const KNOWN = 60;
const LATELY = 10;

export interface Busy {
  /** Exchanges a minute, lately. */
  readonly now: number;
  /** Below so many a minute the route is quiet, and its busiest. */
  readonly quiet: number;
  readonly busiest: number;
}

/**
 * How busy the route is beside the last day of it; undefined while too little of it was seen. Quiet is half of the busiest, or near
 * the quietest quarter where a route never falls so low.
 */
export function busyness(state: DemandState, now: EpochMs): Busy | undefined {
  const minutes = state.minutes.map(([n]) => n);
  if (minutes.length < KNOWN) return undefined;
  const lately = minutes.slice(-LATELY);
  const idle = minuteOf(now) - state.minute > LATELY;
  const sorted = minutes.toSorted((a, b) => a - b);
  const at = (q: number) => sorted[Math.ceil(q * sorted.length) - 1] ?? 0;
  const busiest = at(0.99);
  return {
    now: idle ? 0 : lately.reduce((sum, n) => sum + n, 0) / lately.length,
    quiet: Math.max(busiest / 2, 1.25 * at(0.25)),
    busiest,
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
