import { expect, test } from 'bun:test';
import { drawIndex, seededRandom } from '../stats/index.ts';
import { admission, capacity } from './failover.ts';
import { parity } from './parity.ts';
import { edgeProof } from './proof.ts';
import { readiness } from './readiness.ts';

const SEEDS = 40;
const rule = edgeProof();
const sort = (list: number[]) => list.sort((a, b) => a - b);

interface Secondary {
  /** Share of the primary's peak it carries, schema breaks among tool calls, context window. */
  readonly capacity: number;
  readonly breaks: number;
  readonly context: number;
}
const POOR: Secondary = { capacity: 0.3, breaks: 0.08, context: 12_000 };
const SOUND: Secondary = { capacity: 1.5, breaks: 0.004, context: 32_000 };

/** What the board says after `n` exercised exchanges, and after how many it first said each thing. */
function exercised(seed: number, secondary: Secondary, n: number) {
  const random = seededRandom('F14', seed);
  const schema = parity({ margin: 0.02 });
  let state = schema.start;
  let proof = rule.start('h');
  const asks: number[] = [];
  const minutes: number[] = Array.from({ length: 120 }, () => 600 + 60 * (random() + random() - 1));
  const first = new Map<string, number>();
  for (let i = 1; i <= n; i++) {
    asks.push(random() < 0.03 ? 12_000 + drawIndex(random, 4_000) : 500 + drawIndex(random, 9_000));
    const broke = random() < secondary.breaks;
    const fits = asks.at(-1)! <= secondary.context;
    state = schema.step(state, broke);
    proof = rule.step(proof, { at: i, contract: 'h', good: !broke && fits }, 'h');
    if (i % 20) continue;
    const p99 = sort([...asks])[Math.min(asks.length - 1, Math.floor(asks.length * 0.99))]!;
    const peak = sort([...minutes])[118]!;
    const carries = capacity({ requests: secondary.capacity * 640 }, { requests: peak });
    const [row] = readiness([
      {
        edge: 'primary>secondary',
        proof: rule.read(proof, i, 'h'),
        rate: 1,
        share: 0.01,
        required: true,
        ...(carries ? { capacity: carries } : {}),
        context: { asked: p99, offered: secondary.context },
        parity: [{ what: 'schema breaks', ...schema.read(state) }],
      },
    ]);
    for (const { kind } of row!.reports) if (!first.has(kind)) first.set(kind, i);
  }
  return first;
}

test('on: too little quota, broken schemas and a smaller window are all reported within 500 exercises', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const reports = exercised(seed, POOR, 500);
    expect([...reports.keys()].sort()).toEqual(['capacity', 'context', 'parity']);
  }
}, 120_000);

test('twin: a sound secondary draws none of the three, in any seed', () => {
  for (let seed = 1; seed <= SEEDS; seed++) expect([...exercised(seed, SOUND, 500).keys()]).toEqual([]);
}, 120_000);

/** The secondary's bucket: 180 a minute, a third of it at once. */
const QUOTA = 60;

/** The primary is gone at peak: 10 exchanges a second, a fifth of them in the first lane, for ten minutes. */
function outage(seed: number, on: boolean) {
  const random = seededRandom('outage', seed);
  const carried = 3;
  const gate = admission({ perSecond: 0.95 * carried });
  let admitted = gate.start(0);
  let bucket = QUOTA;
  let last = 0;
  const count = { sent: 0, limited: 0, top: 0, topServed: 0, failedFirst: 0, served: 0 };
  for (let now = 0; now < 600_000; ) {
    now += -Math.log1p(-random()) * 100;
    const lane = random() < 0.2 ? 0 : random() < 0.5 ? 1 : 2;
    if (lane === 0) count.top++;
    if (on) {
      const decision = gate.step(admitted, now, lane);
      admitted = decision.state;
      if (!decision.admitted) continue;
    }
    bucket = Math.min(QUOTA, bucket + ((now - last) / 1000) * carried);
    last = now;
    count.sent++;
    if (bucket < 1) {
      count.limited++;
      continue;
    }
    bucket -= 1;
    count.served++;
    // Each exchange tries the primary once and moves on: the first answer comes after as many failures as were in flight.
    if (count.served === 1) count.failedFirst = count.sent;
    if (lane === 0) count.topServed++;
  }
  return count;
}

test('on: the fallback is not stormed and the first lane is served; off: a 429 storm that hits it too', () => {
  let [top, topServed] = [0, 0];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const on = outage(seed, true);
    expect(on.limited / on.sent).toBeLessThanOrEqual(0.01);
    expect(on.failedFirst).toBeLessThanOrEqual(5);
    top += on.top;
    topServed += on.topServed;
    const off = outage(seed, false);
    expect(off.limited / off.sent).toBeGreaterThan(0.5);
    expect(off.topServed / off.top).toBeLessThan(0.5);
  }
  expect(topServed / top).toBeGreaterThanOrEqual(0.99);
});

test('capacity is judged on the axis that binds, and not at all without one', () => {
  expect(capacity({ requests: 1_000, tokens: 30_000 }, { requests: 100, tokens: 100_000 })).toEqual({
    ratio: 0.3,
    enough: false,
    axis: 'tokens',
  });
  expect(capacity({ requests: 119 }, { requests: 100 })?.enough).toBe(false);
  expect(capacity({ requests: 120 }, { requests: 100 })?.enough).toBe(true);
  expect(capacity({}, { requests: 100 })).toBeUndefined();
});
