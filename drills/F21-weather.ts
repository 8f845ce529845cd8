import type { Clock, Transport } from '#contracts';
import type { WeatherSnapshot } from '#gateway';
import { contention } from '#kernel/resilience';
import { drawNormal, type Random } from '#kernel/stats';
import { type FirstToken, ZONE } from './F56-week.ts';
import { onceConnected } from './in-process.ts';

/** Milliseconds of a round trip, and calls for each that opens a connection, which takes three of them. */
const TRIP = 20;
const CALLS_A_CONNECTION = 20;
const PROBES_EVERY = 30_000;
/** Uncached tokens of an ordinary question and of a long one, and how much longer the long one takes. */
export const TOKENS = { short: 22, long: 1_584, probe: 214 } as const;
export const READS_LONGER = 3;

/** A network between the gateway and its providers whose round trips may become longer. */
export const network =
  (random: Random, longer: (now: number) => number) =>
  (inner: Transport, clock: Clock): Transport =>
  (request, taker) => {
    const trip = TRIP * longer(clock.now());
    const dial = random() * CALLS_A_CONNECTION < 1 ? 3 * trip : 0;
    let call: ReturnType<Transport> | undefined;
    let stop = clock.after(dial, () => {
      taker.connected();
      stop = clock.after(trip, () => {
        call = inner(request, onceConnected(taker));
      });
    });
    return {
      cancel() {
        stop();
        call?.cancel();
      },
      pause: () => call?.pause(),
      resume: () => call?.resume(),
    };
  };

export interface Lesson {
  /** Until when, and for how long, something was seen every second. */
  readonly until: number;
  readonly days: number;
  /** Only a call in two minutes, and a probe in half a one. */
  readonly quiet: boolean;
  /** Share of the questions that are long; 0: nobody has ever asked one. */
  readonly long: number;
  readonly law: FirstToken;
}

/** What some days taught of the weather of these models, as it lies on disk. */
export function taughtWeather(random: Random, models: readonly string[], lesson: Lesson): WeatherSnapshot {
  const { until, days, quiet, long, law } = lesson;
  const every = quiet ? PROBES_EVERY : 1_000;
  const rule = contention({ zone: ZONE });
  const state = rule.create();
  for (let now = until - days * 86_400_000; now < until; now += every) {
    const probe = quiet && random() >= 0.25;
    const isLong = !probe && random() < long;
    const connect = random() * CALLS_A_CONNECTION < 1 ? 3 * TRIP : 0;
    const reading = law.median * (isLong ? READS_LONGER : 1) * Math.exp(law.sigma * drawNormal(random));
    const size = probe ? TOKENS.probe : isLong ? TOKENS.long : TOKENS.short;
    rule.observe(state, now, { size, took: connect + TRIP + reading, connect, probe });
  }
  return Object.fromEntries(
    models.map((model) => [
      ['sim', model, ZONE].map(encodeURIComponent).join('/'),
      { state: structuredClone(state), seenAt: until },
    ]),
  );
}
