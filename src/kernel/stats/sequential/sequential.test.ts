import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { ewma } from '../estimation/ewma.ts';
import { seededRandom } from '../numeric/random.ts';
import { rateBaseline } from './baseline.ts';
import { burnRate } from './burn-rate.ts';
import { conformalDetector } from './conformal.ts';
import { bernoulliCusum, binomialCusum } from './cusum-bernoulli.ts';
import { gaussianCusum } from './cusum-gaussian.ts';
import { eDetector, probeRateDetector, rateDetector } from './e-detector.ts';
import { multinomialMix } from './multinomial.ts';
import { rateSequence } from './rate-sequence.ts';
import type { Sequential } from './sequential.ts';
import { sprt } from './sprt.ts';
import { twoSampleRates } from './two-sample.ts';

// The conformance suite of every stream statistic: a new one joins by a line in this table.

interface Member {
  readonly name: string;
  readonly make: () => Sequential<unknown, unknown, unknown>;
  readonly draw: (random: () => number, i: number) => unknown;
  /** An observation that must be refused. */
  readonly bad: unknown;
}

const erase = <S, O, R>(s: Sequential<S, O, R>) => s as Sequential<unknown, unknown, unknown>;
const bit = (p: number) => (random: () => number) => (random() < p ? 1 : 0);

const MEMBERS: readonly Member[] = [
  {
    name: 'eDetector',
    make: () => erase(eDetector({ c: 1e3, sizes: 3 })),
    draw: (r) => [r() - 0.6, r() - 0.5, r() - 0.4],
    bad: [0, Number.NaN, 0],
  },
  { name: 'rateDetector', make: () => erase(rateDetector({ p0: 0.02, c: 5e3 })), draw: bit(0.05), bad: 0.5 },
  {
    name: 'rateDetector down',
    make: () => erase(rateDetector({ p0: 0.5, c: 5e3, direction: 'down' })),
    draw: bit(0.4),
    bad: 2,
  },
  {
    name: 'probeRateDetector',
    make: () => erase(probeRateDetector({ c: 5e3, shifts: [0.5, 1, 2] })),
    draw: (r) => ({ x: r() < 0.2 ? 1 : 0, p0: 0.1 + 0.2 * r() }),
    bad: { x: 1, p0: 1 },
  },
  {
    name: 'bernoulliCusum',
    make: () => erase(bernoulliCusum({ p0: 0.02, p1: 0.06, h: 4.5 })),
    draw: bit(0.03),
    bad: Number.NaN,
  },
  {
    name: 'binomialCusum',
    make: () => erase(binomialCusum({ p0: 0.02, p1: 0.06, h: 4.5 })),
    draw: (r) => ({ events: Math.floor(3 * r()), n: 40 }),
    bad: { events: 3, n: 2 },
  },
  {
    name: 'gaussianCusum',
    make: () => erase(gaussianCusum({ k: 0.5, h: 5, clip: 4 })),
    draw: (r) => 3 * (r() - 0.45),
    bad: Number.POSITIVE_INFINITY,
  },
  { name: 'sprt', make: () => erase(sprt({ good: 0.9, bad: 0.6 })), draw: bit(0.8), bad: -1 },
  {
    name: 'twoSampleRates',
    make: () => erase(twoSampleRates()),
    draw: (r) => ({ before: r() < 0.1 ? 1 : 0, after: r() < 0.2 ? 1 : 0 }),
    bad: { before: 1, after: 3 },
  },
  {
    name: 'multinomialMix',
    make: () => erase(multinomialMix({ shares: [0.9, 0.08, 0.02] })),
    draw: (r) => (r() < 0.9 ? 0 : r() < 0.8 ? 1 : 2),
    bad: 3,
  },
  {
    name: 'conformalDetector',
    make: () => erase(conformalDetector({ c: 1e3 })),
    draw: (r) => [1 - r(), 1 - r(), 1 - r()],
    bad: [0],
  },
  { name: 'rateSequence', make: () => erase(rateSequence()), draw: bit(0.3), bad: 0.3 },
  {
    name: 'burnRate',
    make: () => erase(burnRate({ budget: 0.05 })),
    draw: (r, i) => ({ at: 1.7e12 + i * 40_000 - Math.floor(r() * 200_000), bad: r() < 0.1 ? 1 : 0, n: 1 }),
    bad: { at: 0, bad: 2, n: 1 },
  },
  {
    name: 'rateBaseline',
    make: () => erase(rateBaseline({ halfLife: 500 })),
    draw: (r) => ({ x: r() < 0.1 ? 1 : 0, evidence: 6 * r() }),
    bad: { x: 1, evidence: Number.NaN },
  },
  {
    name: 'ewma',
    make: () => erase(ewma({ halfLife: 60_000 })),
    draw: (r, i) => ({ at: i * 1000 + Math.floor(r() * 5000), x: r() }),
    bad: { at: 0, x: Number.NaN },
  },
];

const run = (rule: Sequential<unknown, unknown, unknown>, from: unknown, xs: readonly unknown[]) =>
  xs.reduce((state, x) => rule.step(state, x), from);

const saved = (state: unknown): unknown => JSON.parse(JSON.stringify(state));

for (const { name, make, draw, bad } of MEMBERS) {
  describe(name, () => {
    const stream = (seed: number, length: number) => {
      const random = seededRandom(name, seed);
      return Array.from({ length }, (_, i) => draw(random, i));
    };

    test('saved and restored in the middle changes nothing, to the bit', () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 0, max: 1e6 }),
          fc.integer({ min: 1, max: 300 }),
          fc.double({ min: 0, max: 1, noNaN: true }),
          (seed, length, where) => {
            const xs = stream(seed, length);
            const rule = make();
            const cut = Math.floor(where * length);
            const live = run(rule, rule.start, xs);
            const half = saved(run(rule, rule.start, xs.slice(0, cut)));
            const resumed = run(make(), half, xs.slice(cut));
            expect(JSON.stringify(resumed)).toBe(JSON.stringify(live));
            expect(rule.read(resumed)).toEqual(rule.read(live));
          },
        ),
        { seed: 3, numRuns: 30 },
      );
    });

    test('the state is plain JSON below 2 KB and free of NaN, far into the stream', () => {
      const rule = make();
      const state = run(rule, rule.start, stream(7, 20_000));
      const text = JSON.stringify(state);
      expect(text.length).toBeLessThan(2048);
      expect(text).not.toContain('null');
      expect(saved(state)).toEqual(state);
      expect(JSON.stringify(rule.read(state))).not.toContain('null');
    });

    test('a step leaves the state it was given untouched', () => {
      const rule = make();
      const before = run(rule, rule.start, stream(8, 50));
      const copy = JSON.stringify(before);
      run(rule, before, stream(9, 20));
      expect(JSON.stringify(before)).toBe(copy);
      expect(rule.start).toEqual(make().start);
    });

    test('a bad observation throws and names itself', () => {
      const rule = make();
      expect(() => rule.step(rule.start, bad)).toThrow(/^observation/);
    });
  });
}

test('ten million updates of the light rules leave finite numbers', () => {
  const random = seededRandom('ten million');
  const cusum = gaussianCusum({ k: 0.5, h: 5 });
  const rate = bernoulliCusum({ p0: 0.02, p1: 0.06, h: 5 });
  const two = twoSampleRates();
  const mix = multinomialMix({ shares: [0.9, 0.1] });
  const mean = ewma({ halfLife: 50 });
  let [a, b, c, d, e] = [cusum.start, rate.start, two.start, mix.start, mean.start];
  for (let i = 0; i < 10_000_000; i++) {
    const u = random();
    const x = u < 0.3 ? 1 : 0;
    a = cusum.step(a, 2 * u);
    b = rate.step(b, x);
    c = two.step(c, { before: x, after: u > 0.9 ? 1 : 0 });
    d = mix.step(d, x);
    e = mean.step(e, { at: i, x: u });
  }
  for (const state of [a, b, c, d, e]) expect(JSON.stringify(state)).not.toContain('null');
  expect(c.logE).toBeGreaterThan(1000);
  expect(Math.abs(e.mean - 0.5)).toBeLessThan(0.2);
}, 60_000);
