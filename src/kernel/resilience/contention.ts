/**
 * Whether a target keeps its callers waiting, and whose doing that is: the callers' own load, their prompts, its other customers, the network.
 *
 * Formula: wait = first token − new connection − (α + β·uncached input tokens), divided by how much more than a usual ask it needs; the line through the tenth percentiles (`effort`, refit daily). A reading is the median of half a minute; contention index = wait / median of its hour of the week, at least a tenth of the line. A reading is slow where the wait against a usual ask is over 3 medians, over median + 3·1.4826·MAD and over what one reading in a hundred reaches; a finding begins at 5 slow ones of the last 10 and ends at 2. Its cause is the first of: own requests ≥ 1.5 × the hour's and z > 3; median size ≥ 1.5 × and z > 3 while the waits of asks of known size are usual; index > 3 after taking off what new connections take longer; new connections over 3 × and z > 3.
 * Assumes: told every try in order of its end; one state a target. Those given up before a first token are told with what they had taken: they count where that alone is slow.
 * Cost: observe 25 ns; twice a minute a reading of about 30 µs.
 * Lies when: the callers' own retries are the load; connections are all reused, so nothing tells of the network; a stretch of contention has lasted for most of three weeks, and is normal.
 * Reference: F21; Hampel 1974 (median and MAD); the hour-of-week baseline is that of `hours`.
 */
import type { Shift, Slowness, SlownessCause, SlownessEvidence, WaitNormal, WaitReading } from '#contracts';
import { median } from '#kernel/stats';
import { type DecayingSketchState, decayingSketch } from './decaying-sketch.ts';
import { type EffortState, effort } from './effort.ts';
import { type Hours, type HoursState, hours } from './hours.ts';

export interface ContentionRule {
  /** IANA zone in which the provider's load lives. */
  readonly zone: string;
}

/** One try that has ended. */
export interface Sight {
  /** Input tokens that were not read from a cache. */
  readonly size: number;
  /** ms to the first token, or until it was given up without one; absent where nothing streams: it is load alone. */
  readonly took?: number | undefined;
  /** It was given up before its first token. */
  readonly cut?: boolean;
  /** ms until the call was on its way; near 0 on a connection that stood. */
  readonly connect?: number | undefined;
  /** It was given up while it still waited for its connection: `connect` is what that had taken. */
  readonly dialling?: boolean;
  /** Asked by Midwatch itself: no load and no prompt of the callers. */
  readonly probe?: boolean;
}

/** What is found out goes on changing while it lasts. */
type Stretch = { -readonly [K in keyof Slowness]: Slowness[K] };

export interface ContentionState {
  readonly line: EffortState;
  readonly wait: HoursState;
  readonly load: HoursState;
  readonly size: HoursState;
  /** Waits of readings in normal waits of their hour: for what was asked, and against a usual ask. */
  readonly shape: DecayingSketchState;
  readonly shapeRaw: DecayingSketchState;
  /** New connections. */
  readonly connect: DecayingSketchState;
  /** The half minute under way. */
  slot: number;
  second: number;
  requests: number;
  sights: Sight[];
  /** The last ten. */
  readings: WaitReading[];
  /** Found lately, newest last; one without `until` goes on. */
  findings: Stretch[];
}

export interface Contention {
  create(): ContentionState;
  observe(state: ContentionState, now: number, sight: Sight): void;
  /** Closes a half minute that is over though nobody has asked since. */
  settle(state: ContentionState, now: number): void;
  normal(state: ContentionState, now: number): WaitNormal;
}

export const READING_MS = 30_000;
const READINGS = 10;
const STALE = 2 * READINGS * READING_MS;
const BEGINS = 5;
const ENDS = 2;
const INDEX = 3;
/** Of the line: a provider that never makes anybody wait has a median near nothing, and three times that is nothing. */
const LEAST_WAIT = 0.1;
const FLOOR = 0.1;
const RATIO = 1.5;
const Z = 3;
/** What load and sizes differ by from one quiet stretch to the next, whatever their numbers say. */
const LEAST_SPREAD = 0.15;
/** A reading of one ask differs more than one of thirty: what one in a hundred reaches on a quiet day is not slow. */
const RARE = 0.99;
/** What lasts longer is learnt as what is usual. */
const EXCEPTION = 86_400_000;
const PER_SIGMA = 1.4826;
const KEPT = 10;
/** A connection that stood is taken up in less. */
const NEW_CONNECTION = 0.5;

const line = effort(FLOOR);
const shapes = decayingSketch({ alpha: 0.02, smallest: 0.01, halfLife: 14 * 86_400_000 });
const connects = decayingSketch({ alpha: 0.02, smallest: 0.5, halfLife: 3 * 86_400_000 });

export function contention({ zone }: ContentionRule): Contention {
  const week: Hours = hours({ zone });

  function close(state: ContentionState, now: number): void {
    const { sights, slot, requests } = state;
    const at = slot * READING_MS;
    state.slot = Math.floor(now / READING_MS);
    state.requests = 0;
    state.sights = [];
    if (sights.length > 0) read(state, at, sights, requests);
    else if (requests > 0) week.observe(state.load, at, requests);
    judge(state, at + READING_MS);
  }

  function read(state: ContentionState, at: number, sights: readonly Sight[], requests: number): void {
    // What a try that was given up had read is an estimate, and another one than what is reported of the rest.
    const own = sights.filter(({ probe, cut }) => !probe && !cut);
    const size = own.length > 0 ? median(own.map((one) => one.size)) : 0;
    const usualConnect = connects.quantile(state.connect, 0.5) ?? 0;
    const fresh = sights.flatMap(({ connect = 0, dialling = false }) =>
      connect > (dialling ? INDEX * usualConnect : NEW_CONNECTION) ? [{ connect, dialling }] : [],
    );
    const connect = fresh.length > 0 ? median(fresh.map((one) => one.connect)) : 0;
    const usual = week.normal(state.size, at, 0.5) ?? size;
    const plain = line.expect(state.line, usual) ?? floorOf(state.line, usual);
    if (plain !== undefined) {
      const reading = { at, sights, plain, size, connect, requests };
      const made = readingOf(state, reading);
      if (made) state.readings = [...state.readings.slice(1 - READINGS), made];
    }
    for (const { cut, size: tokens, took = 0, connect: began = 0 } of sights)
      if (!cut) line.observe(state.line, at, tokens, took - began);
    for (const one of fresh) if (!one.dialling) connects.insert(state.connect, at, one.connect);
    if (requests > 0) week.observe(state.load, at, requests);
    if (size > 0) week.observe(state.size, at, size);
  }

  function readingOf(
    state: ContentionState,
    given: Pick<WaitReading, 'at' | 'size' | 'connect' | 'requests'> & {
      readonly sights: readonly Sight[];
      readonly plain: number;
    },
  ): WaitReading | undefined {
    const { at, sights, plain } = given;
    const normal = week.normal(state.wait, at, 0.5);
    const mad = madOf(state, at);
    const base = Math.max(normal ?? 0, LEAST_WAIT * plain);
    const usual = (normal ?? 0) + 3 * PER_SIGMA * mad;
    const rare = (shape: DecayingSketchState) => (shapes.quantile(shape, RARE) ?? 0) * base;
    const least = Math.max(INDEX * base, usual, rare(state.shape));
    const leastRaw = Math.max(INDEX * base, usual, rare(state.shapeRaw));
    const waits = sights.map((one) => {
      const { took = 0, connect: began = 0, size, cut = false, probe = false } = one;
      const expected = line.expect(state.line, size);
      const known = expected !== undefined;
      const needs = expected ?? floorOf(state.line, size) ?? plain;
      // Whoever reads three times as long may differ by three times as much.
      const wait = (took - began - needs) / Math.max(1, needs / plain);
      return { wait, raw: took - plain, known, cut, probe };
    });
    // One that was given up early says only that it took so long at least.
    const told = waits.filter(({ cut, wait, raw }) => !cut || wait > least || raw > leastRaw);
    if (told.length === 0) return undefined;
    const some = told.filter(({ known }) => known);
    const judged = some.length > 0 ? some : told;
    const wait = median(judged.map((one) => one.wait));
    const raw = median(told.map((one) => one.raw));
    const whole = told.filter(({ cut }) => !cut);
    if (whole.length > 0) week.observe(state.wait, at, Math.max(1, median(whole.map((one) => one.wait))));
    if (normal === undefined) return undefined;
    if (whole.length > 0 && !goesOn(state, at)) {
      shapes.insert(state.shape, at, Math.max(0, wait) / base);
      shapes.insert(state.shapeRaw, at, Math.max(0, raw) / base);
    }
    return {
      at,
      n: told.length,
      probes: told.filter(({ probe }) => probe).length,
      wait,
      index: wait / base,
      slow: wait > least || raw > leastRaw,
      limit: least,
      known: some.length > 0,
      requests: given.requests,
      size: given.size,
      connect: given.connect,
    };
  }

  function madOf(state: ContentionState, at: number): number {
    const low = week.normal(state.wait, at, 0.25);
    const high = week.normal(state.wait, at, 0.75);
    return low === undefined || high === undefined ? 0 : (high - low) / 2;
  }

  function judge(state: ContentionState, now: number): void {
    const fresh = state.readings.filter(({ at }) => now - at <= STALE);
    const slow = fresh.filter((one) => one.slow);
    const last = state.findings.at(-1);
    const open = last?.until === undefined ? last : undefined;
    if (open && slow.length <= ENDS) {
      open.until = now;
      return;
    }
    if (slow.length < BEGINS) return;
    const evidence = evidenceOf(state, now, slow, fresh.length);
    const cause = causeOf(evidence, slow);
    if (open) {
      open.evidence = evidence;
      open.cause = cause;
      return;
    }
    const since = (slow[0] as WaitReading).at;
    state.findings = [...state.findings.slice(1 - KEPT), { since, foundAt: now, cause, evidence }];
  }

  function evidenceOf(
    state: ContentionState,
    now: number,
    slow: readonly WaitReading[],
    of: number,
  ): SlownessEvidence {
    const many = slow.length;
    const mean = slow.reduce((sum, { requests }) => sum + requests, 0) / many;
    const load = against(state.load, now, mean, many, mean * many);
    const sizes = slow.flatMap(({ size }) => (size > 0 ? [size] : []));
    // One long prompt among probes is no other mix.
    const enough = 2 * sizes.length >= many;
    const prompts = enough ? against(state.size, now, median(sizes), sizes.length) : undefined;
    const made = slow.flatMap(({ connect }) => (connect > 0 ? [connect] : []));
    const connect = made.length > 0 ? connecting(state, median(made)) : undefined;
    return {
      index: median(slow.map((one) => one.index)),
      slow: many,
      of,
      wait: median(slow.map((one) => one.wait)),
      normal: week.normal(state.wait, now, 0.5) ?? 0,
      ...(load && { load }),
      ...(prompts && { prompts: { ...prompts, known: slow.every(({ known }) => known) } }),
      ...(connect && { connect }),
    };
  }

  /** How far off its hour; `counted` is how many events `now` was counted from, where it is a rate. */
  function against(
    state: HoursState,
    at: number,
    now: number,
    readings: number,
    counted?: number,
  ): Shift | undefined {
    const normal = week.normal(state, at, 0.5);
    const high = week.normal(state, at, 0.84);
    if (normal === undefined || high === undefined || !(now > 0)) return undefined;
    const ratio = now / normal;
    const spread = Math.max(Math.log(high / normal), counted === undefined ? 0 : Math.sqrt(1 / normal));
    const z = Math.log(ratio) / Math.max(LEAST_SPREAD, spread / Math.sqrt(readings));
    return { now, normal, ratio, z };
  }

  function connecting(state: ContentionState, now: number): Shift | undefined {
    const [normal, high] = [0.5, 0.84].map((q) => connects.quantile(state.connect, q));
    if (normal === undefined || high === undefined) return undefined;
    const spread = Math.max(LEAST_SPREAD, Math.log(high / normal));
    return { now, normal, ratio: now / normal, z: Math.log(now / normal) / spread };
  }

  return Object.freeze({
    create: () => ({
      line: line.create(),
      wait: week.create(),
      load: week.create(),
      size: week.create(),
      shape: shapes.create(),
      shapeRaw: shapes.create(),
      connect: connects.create(),
      slot: 0,
      second: 0,
      requests: 0,
      sights: [],
      readings: [],
      findings: [],
    }),
    observe(state, now, sight) {
      if (now >= (state.slot + 1) * READING_MS) close(state, now);
      if (!sight.probe) state.requests++;
      if (sight.took === undefined) return;
      // One a second, so that a reading is of its whole half minute however many there are.
      const second = Math.floor(now / 1_000);
      if (second === state.second && !sight.probe) return;
      state.second = second;
      state.sights.push(sight);
    },
    settle(state, now) {
      if (now >= (state.slot + 1) * READING_MS && state.slot > 0) close(state, now);
    },
    normal(state, now) {
      const wait = week.normal(state.wait, now, 0.5);
      const { alpha, beta } = state.line;
      return {
        ...(wait !== undefined && { wait, mad: madOf(state, now) }),
        ...(alpha + beta > 0 && { floor: alpha, perToken: beta }),
      };
    },
  } satisfies Contention);
}

/** Slow minutes do not teach how slow a usual minute may be. */
function goesOn({ findings }: ContentionState, at: number): boolean {
  const last = findings.at(-1);
  return last !== undefined && last.until === undefined && at - last.since < EXCEPTION;
}

/** Past the sizes that were seen the line is a guess, and still the better one. */
const floorOf = ({ alpha, beta }: EffortState, size: number): number | undefined =>
  alpha + beta > 0 ? alpha + beta * size : undefined;

const rose = (shift: Shift | undefined, ratio: number): boolean =>
  shift !== undefined && shift.ratio >= ratio && shift.z > Z;

/** The first that holds. */
function causeOf(evidence: SlownessEvidence, slow: readonly WaitReading[]): SlownessCause {
  const { load, prompts, connect } = evidence;
  if (rose(load, RATIO)) return 'own_load';
  // Round trips that are longer make the way to the first token longer too.
  const more = connect ? Math.max(0, connect.now - connect.normal) : 0;
  const contended = slow.filter(({ wait, limit }) => wait - more > limit).length;
  if (rose(prompts, RATIO) && (!prompts?.known || 2 * contended < slow.length)) return 'prompts';
  if (2 * contended >= slow.length) return 'provider';
  return rose(connect, INDEX) ? 'network' : 'unknown';
}
