import type { EpochMs, MicroUsd } from './ids.ts';

/**
 * Weather: how long a target keeps its callers waiting beyond what their asks need, against what is normal at this hour, and
 * whose doing that is. A reading of this process, kept over restarts; it needs no database.
 */

/** `unknown`: slow, and nothing that is watched has changed with it. */
export const SLOWNESS_CAUSES = ['own_load', 'prompts', 'provider', 'network', 'unknown'] as const;
export type SlownessCause = (typeof SLOWNESS_CAUSES)[number];

/** Half a minute of a target. */
export interface WaitReading {
  /** When it began. */
  readonly at: EpochMs;
  /** First tokens looked at, at most one a second, and of these those of our own probes. */
  readonly n: number;
  readonly probes: number;
  /** Milliseconds beyond what the asks themselves need, median. */
  readonly wait: number;
  /** Contention index: `wait` over what is normal for the hour. */
  readonly index: number;
  /** Too long, whatever was asked. */
  readonly slow: boolean;
  /** The wait from which on it is too long for what was asked. */
  readonly limit: number;
  /** Asks of sizes of which it is known what they need. */
  readonly known: boolean;
  /** Calls of callers that ended. */
  readonly requests: number;
  /** Median uncached input tokens of their asks; 0 without any. */
  readonly size: number;
  /** Median milliseconds of new connections; 0 without any. */
  readonly connect: number;
}

/** A figure of the slow minutes against the normal of the hour. */
export interface Shift {
  readonly now: number;
  readonly normal: number;
  readonly ratio: number;
  readonly z: number;
}

/** What changed with the slowness; absent where nothing is known of it. */
export interface SlownessEvidence {
  /** Contention index in the middle of the slow readings. */
  readonly index: number;
  /** Slow readings, of how many. */
  readonly slow: number;
  readonly of: number;
  /** Milliseconds: in the middle of the slow readings, and normal. */
  readonly wait: number;
  readonly normal: number;
  /** Calls of callers in half a minute. */
  readonly load?: Shift;
  /** Uncached input tokens of an ask. `known`: of what such asks need something is known. */
  readonly prompts?: Shift & { readonly known: boolean };
  /** Milliseconds of a new connection; absent where all of them stood already. */
  readonly connect?: Shift;
}

/** A stretch in which a target was slow. */
export interface Slowness {
  /** Beginning of the first slow reading. */
  readonly since: EpochMs;
  /** When there were five. */
  readonly foundAt: EpochMs;
  /** As it was found last. */
  readonly cause: SlownessCause;
  readonly evidence: SlownessEvidence;
  /** When it was over; absent while it goes on. */
  readonly until?: EpochMs;
}

/** With its sentence. */
export interface SlownessView extends Slowness {
  readonly says: string;
}

/** `unknown`: nothing was seen lately, or what is normal is not known yet. */
export const WEATHER_STATES = ['slow', 'usual', 'unknown'] as const;
export type WeatherState = (typeof WEATHER_STATES)[number];

/** What is normal now; absent while it is not known. */
export interface WaitNormal {
  /** Milliseconds of wait: median, and median absolute deviation. */
  readonly wait?: number;
  readonly mad?: number;
  /** Milliseconds of an ask of no tokens when nobody is waited for, and for each uncached token. */
  readonly floor?: number;
  readonly perToken?: number;
}

/** What Midwatch asks itself, on a schedule. */
export interface ProbeView {
  /** Milliseconds between two. */
  readonly every: number;
  /** Of the day (UTC) so far. */
  readonly calls: number;
  readonly failed: number;
  readonly microUsd: MicroUsd;
  /** What all probes of all targets may cost in a day. */
  readonly dailyMicroUsd: MicroUsd;
  readonly last?: { readonly at: EpochMs; readonly firstToken?: number; readonly failed?: string };
  /** Why none is made now. */
  readonly paused?: string;
}

export interface WeatherView {
  readonly provider: string;
  readonly model: string;
  readonly zone: string;
  readonly state: WeatherState;
  readonly says: string;
  readonly normal: WaitNormal;
  /** The last ten, oldest first. */
  readonly readings: readonly WaitReading[];
  /** The last ten stretches, newest first. */
  readonly findings: readonly SlownessView[];
  /** Absent: not probed. */
  readonly probe?: ProbeView;
}
