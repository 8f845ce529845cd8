import { type Clock, isGood } from '#contracts';
import type { Told } from '../own-call.ts';

/** One step of a ramp. */
export interface RampStep {
  readonly perSecond: number;
  readonly ms: number;
}

/** Steps of a ramp up to a rate; the last lasts the minute over which providers count. */
export const rampTo = (perSecond: number): readonly RampStep[] => [
  { perSecond: 0.05 * perSecond, ms: 10_000 },
  { perSecond: 0.25 * perSecond, ms: 20_000 },
  { perSecond, ms: 60_000 },
];

export const callsOf = (steps: readonly RampStep[]): number =>
  steps.reduce((sum, { perSecond, ms }) => sum + Math.max(1, Math.ceil((perSecond * ms) / 1_000)), 0);

export interface Ramped {
  /** Highest rate that was held; 0 when none was. */
  readonly held: number;
  readonly good: boolean;
  readonly why: string;
  /** It was stopped for the sake of callers, which says nothing of the fallback. */
  readonly halted: boolean;
  readonly told: readonly Told[];
}

/** Failures that end a ramp: one of a limit, or so many of another kind that they are more than the share. */
const SOME = 3;
const SHARE = 0.05;

/**
 * Asks at a steady rate, step after step, whoever is still waiting for an answer; stops at the first sign that the fallback
 * has had enough, for a drill must not become the outage, or when `halts` says why callers need it more. `slowAfter`,
 * milliseconds, is the objective that is to be held.
 */
export async function ramp(
  clock: Clock,
  steps: readonly RampStep[],
  call: () => Promise<Told | undefined>,
  slowAfter: number | undefined,
  halts: () => string | undefined,
): Promise<Ramped> {
  const told: Told[] = [];
  let held = 0;
  for (const step of steps) {
    const { ended, stopped, halted } = await hold(clock, step, call, slowAfter, halts);
    told.push(...ended);
    if (halted !== undefined) return { held, good: false, why: halted, halted: true, told };
    if (stopped)
      return { held, good: false, why: `at ${rate(step.perSecond)}: ${stopped}`, halted: false, told };
    held = step.perSecond;
  }
  return { held, good: true, why: `carried ${rate(held)} for a minute`, halted: false, told };
}

export const rate = (perSecond: number): string => `${Number(perSecond.toPrecision(3))} a second`;

async function hold(
  clock: Clock,
  { perSecond, ms }: RampStep,
  call: () => Promise<Told | undefined>,
  slowAfter: number | undefined,
  halts: () => string | undefined,
): Promise<{
  readonly ended: readonly Told[];
  readonly stopped: string | undefined;
  readonly halted: string | undefined;
}> {
  const ended: Told[] = [];
  const running: Promise<void>[] = [];
  let bad = 0;
  let stopped: string | undefined;
  let halted: string | undefined;
  const judge = (one: Told | undefined) => {
    if (!one) return;
    ended.push(one);
    const { outcome, failure, timing } = one.finished.facts;
    const late = slowAfter !== undefined && timing.total > slowAfter;
    if ((isGood(outcome) || outcome === 'length') && !late) return;
    bad++;
    if (failure?.kind === 'rate_limited' || failure?.kind === 'overloaded')
      stopped ??= 'its limit was reached';
    else if (bad >= SOME && bad > SHARE * ended.length)
      stopped ??= `${bad} of ${ended.length} failed, the last of ${late ? 'slowness' : (failure?.kind ?? outcome)}`;
  };
  const n = Math.max(1, Math.ceil((perSecond * ms) / 1_000));
  const from = clock.monotonic();
  for (let i = 0; i < n && !stopped; i++) {
    halted = halts();
    if (halted !== undefined) break;
    running.push(call().then(judge));
    // Against the clock and not after each call, so that a late timer does not lower the rate.
    const wait = from + ((i + 1) * ms) / n - clock.monotonic();
    if (wait > 0) await clock.sleep(wait);
  }
  await Promise.all(running);
  return { ended, stopped, halted };
}
