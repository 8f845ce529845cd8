import { expect, test } from 'bun:test';
import { seededRandom } from '../stats/index.ts';
import { PICK_START, pick } from './exercise.ts';
import { failoverOrder } from './failover.ts';
import { contractHash, edgeProof, type ProofState } from './proof.ts';

const SEEDS = 40;
const EDGES = ['a', 'b', 'c'] as const;
const rule = edgeProof();
const MUTATED_AT = 20_000;

/**
 * Three edges below a primary, one exchange a second, 1 % exercised on each. At 20,000 s the contract of one edge changes
 * and the edge no longer works; it is mended `mend` seconds later; the primary is out for 600 s from `outage`.
 */
function world(seed: number, { exercised = true, mutate = true, outage = 22_000, mend = 1e9 } = {}) {
  const random = seededRandom('F57', seed);
  const victim = EDGES[seed % 3]!;
  const proofs: Record<string, ProofState> = {};
  const picks = Object.fromEntries(EDGES.map((e) => [e, PICK_START]));
  const hashes: Record<string, string> = {};
  const redeploy = (edge: string, to: number) => {
    hashes[edge] = contractHash({ edge, version: to });
  };
  for (const edge of EDGES) {
    redeploy(edge, 1);
    proofs[edge] = rule.start(hashes[edge]!);
  }
  const seen = {
    errors: 0,
    failedOver: 0,
    forced: 0,
    n: 0,
    brokenTwin: 0,
    firstFailure: 0,
    broken: 0,
    failures: 0,
    proven: 0,
    unprovenAtOnce: false,
  };
  const works = (edge: string, now: number) =>
    !(mutate && edge === victim && now >= MUTATED_AT && now < MUTATED_AT + mend);
  for (let now = 0; now < 30_000; now++) {
    if (mutate && now === MUTATED_AT) {
      redeploy(victim, 2);
      seen.unprovenAtOnce = rule.read(proofs[victim]!, now * 1000, hashes[victim]!).state === 'UNPROVEN';
    }
    if (now === MUTATED_AT + mend) redeploy(victim, 3);
    const out = now >= outage && now < outage + 600;
    seen.n++;
    if (exercised && !out)
      for (const edge of EDGES) {
        const next = pick(picks[edge]!, 0.01, random());
        picks[edge] = next.state;
        if (!next.exercise) continue;
        if (edge === victim) seen.forced++;
        const good = works(edge, now);
        proofs[edge] = rule.step(
          proofs[edge]!,
          { at: now * 1000, contract: hashes[edge]!, good, reason: 'field renamed' },
          hashes[edge]!,
        );
        if (edge === victim && !good) {
          seen.failures++;
          seen.firstFailure ||= now - MUTATED_AT;
          // A failed exercise is answered by the primary: nobody sees it.
          if (rule.read(proofs[edge]!, now * 1000, hashes[edge]!).state === 'BROKEN')
            seen.broken ||= now - MUTATED_AT;
        }
        if (
          now >= MUTATED_AT + mend &&
          edge === victim &&
          rule.read(proofs[edge]!, now * 1000, hashes[edge]!).state === 'PROVEN'
        )
          seen.proven ||= now - MUTATED_AT - mend;
      }
    if (!out && (mutate || now % 1_000 > 0)) continue;
    const states = EDGES.map((edge) => ({
      edge,
      state: rule.read(proofs[edge]!, now * 1000, hashes[edge]!).state,
    }));
    if (!mutate && states.some((s) => s.state === 'BROKEN')) seen.brokenTwin++;
    if (!out) continue;
    seen.failedOver++;
    // Off: the chain as written down. Half of the faults are slow, so one broken edge eats the caller's whole deadline.
    const order = exercised ? failoverOrder(states) : states;
    const first = exercised ? order[0]!.edge : victim;
    if (!works(first, now)) seen.errors++;
  }
  return seen;
}

test('on: unproven at once, failing within 100 s in the mean, broken after at most three in under ten minutes', () => {
  const runs = Array.from({ length: SEEDS }, (_, i) => world(i + 1));
  expect(runs.every((r) => r.unprovenAtOnce)).toBe(true);
  expect(runs.reduce((s, r) => s + r.firstFailure, 0) / SEEDS).toBeLessThanOrEqual(100);
  for (const { broken } of runs) {
    expect(broken).toBeGreaterThan(0);
    expect(broken).toBeLessThan(600);
  }
}, 60_000);

test('on: the outage that follows is seen by nobody; off: every failed-over exchange errs', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const on = world(seed);
    expect(on.failedOver).toBe(600);
    expect(on.errors).toBe(0);
    const off = world(seed, { exercised: false });
    expect(off.errors).toBe(off.failedOver);
  }
}, 60_000);

test('on: mended, an edge is proven again by 59 exercises in 98 minutes; the forced share is the declared one', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { proven, forced, n } = world(seed, { mend: 1_000, outage: 1e9 });
    expect(proven).toBeGreaterThan(58 * 100 - 200);
    expect(proven).toBeLessThanOrEqual(98.4 * 60 + 200);
    expect(Math.abs(forced / n - 0.01)).toBeLessThanOrEqual(0.001);
  }
}, 60_000);

test('twin: without a change nothing is ever broken and every edge ends proven', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const twin = world(seed, { mutate: false });
    expect(twin.brokenTwin).toBe(0);
    expect(twin.errors).toBe(0);
  }
}, 60_000);
