import { checkCount, checkPositive, checkProbability } from '../check.ts';

/** Chance as it comes in by the door: each call gives the next number in [0, 1). */
export type Random = () => number;

/**
 * A reproducible source keyed by what the draw is for (probe, day, seed …): sfc32 over an FNV-1a hash of the keys.
 * Two keys differ in their separators, so ['a','bc'] and ['ab','c'] are different streams.
 */
export function seededRandom(...keys: readonly (string | number)[]): Random {
  const text = keys.map((key) => `${typeof key}:${key}`).join('\u0000');
  const seeds = [0, 1, 2].map((salt) => {
    let h = 0x811c9dc5 ^ salt;
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) | 0;
  });
  let [a, b, c] = seeds as [number, number, number];
  let counter = 1;
  const next = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  return () => next() / 4294967296;
}

/** Whole number in [0, n). */
export function drawIndex(random: Random, n: number): number {
  return Math.min(n - 1, Math.floor(random() * n));
}

/** Standard normal (Marsaglia's polar method). */
export function drawNormal(random: Random): number {
  for (;;) {
    const u = 2 * random() - 1;
    const v = 2 * random() - 1;
    const s = u * u + v * v;
    if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
  }
}

/** Gamma(shape, 1), shape > 0 (Marsaglia and Tsang 2000). */
export function drawGamma(random: Random, shape: number): number {
  checkPositive('shape', shape);
  if (shape < 1) return drawGamma(random, shape + 1) * Math.max(random(), 1e-300) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = drawNormal(random);
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    const u = random();
    if (u < 1 - 0.0331 * x ** 4 || Math.log(u) < 0.5 * x * x + d * (1 - v + Math.log(v))) return d * v;
  }
}

/** Beta(a, b), a, b > 0. */
export function drawBeta(random: Random, a: number, b: number): number {
  const x = drawGamma(random, a);
  const y = drawGamma(random, b);
  return x + y > 0 ? x / (x + y) : random() < a / (a + b) ? 1 : 0;
}

/** Bin(n, p), exact for every n: inversion while n·p is small, else halved by Beta order statistics (Devroye X.4). */
export function drawBinomial(random: Random, n: number, p: number): number {
  checkCount('n', n);
  checkProbability('p', p);
  if (p > 0.5) return n - drawBinomial(random, n, 1 - p);
  let left = n;
  let rate = p;
  let sum = 0;
  while (left * Math.min(rate, 1 - rate) > 30) {
    const i = Math.floor((left + 1) * rate);
    const at = Math.min(Math.max(i, 1), left);
    const y = drawBeta(random, at, left + 1 - at);
    if (y <= rate) {
      sum += at;
      left -= at;
      rate = (rate - y) / (1 - y);
    } else {
      left = at - 1;
      rate = rate / y;
    }
  }
  if (rate > 0.5) return sum + left - smallBinomial(random, left, 1 - rate);
  return sum + smallBinomial(random, left, rate);
}

function smallBinomial(random: Random, n: number, p: number): number {
  if (n === 0 || p <= 0) return 0;
  const odds = p / (1 - p);
  let mass = Math.exp(n * Math.log1p(-p));
  let u = random();
  for (let k = 0; k < n; k++) {
    if (u < mass) return k;
    u -= mass;
    mass *= ((n - k) / (k + 1)) * odds;
  }
  return n;
}

/** Fisher–Yates in place. */
export function shuffle<T>(random: Random, list: T[]): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = drawIndex(random, i + 1);
    const kept = list[i]!;
    list[i] = list[j]!;
    list[j] = kept;
  }
  return list;
}
