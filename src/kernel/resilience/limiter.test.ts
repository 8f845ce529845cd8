import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { drawNormal, seededRandom } from '#kernel/stats';
import { LIMITER, limiter } from './limiter.ts';

const policy = limiter();

test('the limit stays within its bounds and places are never given twice', () => {
  const events = fc.array(
    fc.record({
      take: fc.boolean(),
      gap: fc.integer({ min: 0, max: 1_500 }),
      latency: fc.option(fc.double({ min: 0, max: 1e5, noNaN: true }), { nil: undefined }),
      dropped: fc.boolean(),
    }),
    { maxLength: 400 },
  );
  fc.assert(
    fc.property(events, (list) => {
      let state = policy.create();
      let mine = 0;
      let now = 1;
      for (const { take, gap, latency, dropped } of list) {
        now += gap;
        if (take) {
          if (policy.acquire(state)) mine++;
        } else if (mine > 0) {
          mine--;
          policy.release(state, { now, latency, dropped });
        }
        expect(state.inFlight).toBe(mine);
        expect(state.limit).toBeGreaterThanOrEqual(LIMITER.min);
        expect(state.limit).toBeLessThanOrEqual(LIMITER.max);
        state = JSON.parse(JSON.stringify(state));
      }
      expect(policy.revive(state).inFlight).toBe(0);
    }),
    { seed: 31, numRuns: 80 },
  );
});

/**
 * F21: a provider whose capacity, shared with others, shrinks to a quarter for 20 minutes. k servers, first-come queue,
 * log-normal service with mean near 1 s; what the limiter refuses goes to the next tier, which is not simulated.
 */
function contention(seed: number, { limited, shrinks }: { limited: boolean; shrinks: boolean }) {
  const random = seededRandom('contention', seed);
  const state = policy.create();
  const free: number[] = new Array<number>(40).fill(0);
  const ends: { at: number; latency: number }[] = [];
  const from = 10 * 60_000;
  const to = 30 * 60_000;
  const plateau: number[] = [];
  let served = 0;
  let refused = 0;
  let calm = 0;
  let calmRefused = 0;
  for (let now = 1; now < 40 * 60_000; now += -Math.log(1 - random()) * 40) {
    while (ends.length > 0 && ends[0]!.at <= now) {
      const { at, latency } = ends.shift()!;
      policy.release(state, { now: at, latency });
    }
    const inside = now >= from && now < to;
    if (!inside) calm++;
    if (limited && !policy.acquire(state)) {
      if (inside) refused++;
      else calmRefused++;
      continue;
    }
    const width = shrinks && inside ? 10 : 40;
    let server = 0;
    for (let i = 1; i < width; i++) if (free[i]! < free[server]!) server = i;
    const begin = Math.max(now, free[server]!);
    const end = begin + 900 * Math.exp(0.4 * drawNormal(random));
    free[server] = end;
    const latency = end - now;
    if (limited) {
      let at = ends.length;
      while (at > 0 && ends[at - 1]!.at > end) at--;
      ends.splice(at, 0, { at: end, latency });
    }
    // The plateau: the fault less the minute in which it is noticed.
    if (now >= from + 60_000 && now < to) {
      plateau.push(latency);
      if (end < to) served++;
    }
  }
  plateau.sort((a, b) => a - b);
  return {
    p95: plateau[Math.floor(0.95 * plateau.length)]!,
    served,
    refused,
    calmRefused: calmRefused / calm,
  };
}

test('capacity shrinks to a quarter: p95 at most 3 s on the plateau, the capacity there is stays in use', () => {
  for (let seed = 0; seed < 20; seed++) {
    const on = contention(seed, { limited: true, shrinks: true });
    expect(on.p95).toBeLessThan(3_000);
    // Ten servers for 19 minutes at 0.975 s each.
    expect(on.served).toBeGreaterThan((0.85 * 10 * 19 * 60) / 0.975);
  }
  const off = contention(0, { limited: false, shrinks: true });
  expect(off.p95).toBeGreaterThan(60_000);
}, 120_000);

test('capacity that does not shrink: nothing is refused', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { refused, calmRefused, p95 } = contention(seed, { limited: true, shrinks: false });
    expect(refused).toBe(0);
    expect(calmRefused).toBeLessThan(0.002);
    expect(p95).toBeLessThan(2_500);
  }
}, 120_000);

test('refusals by the target lower the limit without any latency', () => {
  const state = policy.create();
  for (let i = 1; i < 20; i++) {
    policy.acquire(state);
    policy.release(state, { now: i * 1_000, dropped: true });
  }
  expect(state.limit).toBeLessThan(4);
});

test('a straggler that was given up now and then lowers nothing', () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = seededRandom('given up', seed);
    const state = policy.create();
    for (let i = 1; i < 5_000; i++) {
      policy.acquire(state);
      const lost = random() < 0.03;
      policy.release(state, { now: i * 1_000, ...(lost ? { dropped: true } : { latency: 400 }) });
    }
    expect(state.limit).toBeGreaterThanOrEqual(LIMITER.initial);
  }
});

test('a quiet route with a heavy tail keeps room for a burst', () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = seededRandom('quiet', seed);
    const state = policy.create();
    let low = state.limit;
    for (let i = 1; i < 20_000; i++) {
      policy.acquire(state);
      const straggler = random() < 0.03 ? 5_000 + random() * 25_000 : 0;
      policy.release(state, {
        now: i * 2_000,
        latency: 400 * Math.exp(0.8 * drawNormal(random)) + straggler,
      });
      low = Math.min(low, state.limit);
    }
    expect(low).toBe(LIMITER.initial);
  }
});

test('a clock that is put back keeps the limit from moving for a window, not for as long', () => {
  const state = policy.create();
  const crowd = (from: number) => {
    for (let i = 0; i < 400; i++) policy.acquire(state);
    for (let i = 0; i < 400; i++) policy.release(state, { now: from + 10 * i, dropped: true });
    return state.limit;
  };
  const first = crowd(3_600_000 * 24);
  expect(crowd(3_600_000 * 23)).toBeLessThan(first);
});
