/**
 * Capacity shared with strangers: k servers, one line, and how long one waits in it.
 *
 * Formula: C = Erlang C(k, ρk); P(W > t) = C·exp(−θt), θ = 2k(1−ρ)/(S(1+c²)) for service times of mean S and coefficient of variation c, so that E W = C/θ. The share ρ of a wanted mean wait is found by bisection. The quantile of T + W is read from the mean of P(T + W ≤ x) over 400 quantiles of T. `line` is the queue itself: first come first served, each arrival takes the server that is free first.
 * Assumes: Poisson arrivals, service times independent of them, a line without end, nobody who leaves it.
 * Cost: a prediction 1 ms; an arrival 20 ns and k comparisons.
 * Lies when: k is small and service times differ greatly: the wait is then no longer exponential, and the mean off by a tenth; arrivals come in bursts, which wait longer than the formula says.
 * Reference: Erlang 1917; Lee and Longton 1959 (scaling by (1+c²)/2); Kiefer and Wolfowitz 1955 (the queue as a vector of workloads).
 */

export interface SharedQueue {
  readonly servers: number;
  /** Mean and coefficient of variation of a service time, ms. */
  readonly service: number;
  readonly variation: number;
}

/** Probability of having to wait at all. @throws RangeError unless 0 ≤ load < servers (in Erlang). */
export function erlangC(servers: number, load: number): number {
  if (!(load >= 0 && load < servers)) throw new RangeError('erlangC: load must lie in [0, servers)');
  let blocked = 1;
  for (let k = 1; k <= servers; k++) blocked = (load * blocked) / (k + load * blocked);
  return blocked / (1 - (load / servers) * (1 - blocked));
}

export interface SharedWait {
  /** Share of the capacity that is in use. */
  readonly use: number;
  /** Probability of a wait, its mean where there is one, and the mean over everybody, ms. */
  readonly waits: number;
  readonly each: number;
  readonly mean: number;
}

/** Waits when so much of the capacity is in use. */
export function waitAt({ servers, service, variation }: SharedQueue, use: number): SharedWait {
  const waits = erlangC(servers, use * servers);
  const each = (service * (1 + variation ** 2)) / (2 * servers * (1 - use));
  return { use, waits, each, mean: waits * each };
}

/** The use at which one waits so long in the mean. */
export function useFor(queue: SharedQueue, mean: number): SharedWait {
  let [low, high] = [0, 1];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (waitAt(queue, middle).mean < mean) low = middle;
    else high = middle;
  }
  return waitAt(queue, low);
}

const GRID = 400;

/** Quantile of a time of one's own, given by its quantiles, plus the wait. */
export function quantileWith({ waits, each }: SharedWait, own: (q: number) => number, q: number): number {
  const times = Array.from({ length: GRID }, (_, i) => own((i + 0.5) / GRID));
  const below = (x: number) =>
    times.reduce((sum, t) => sum + (t > x ? 0 : 1 - waits * Math.exp((t - x) / each)), 0) / GRID;
  let low = 0;
  let high = own(1 - 1 / GRID) + each * Math.log(1 / (1 - q)) + 1;
  while (below(high) < q) high *= 2;
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (below(middle) < q) low = middle;
    else high = middle;
  }
  return high;
}

/** A queue at work. */
export interface Line {
  /** One arrives, not before those who came before; ms until it is served. */
  arrive(now: number, service: number): number;
}

export function line(servers: number): Line {
  const free = new Float64Array(servers);
  return {
    arrive(now, service) {
      let first = 0;
      for (let i = 1; i < servers; i++) if (free[i]! < free[first]!) first = i;
      const wait = Math.max(0, free[first]! - now);
      free[first] = now + wait + service;
      return wait;
    },
  };
}
