import { checkPositive, checkProbability } from '../check.ts';
import { logBeta, stirlingError } from './gamma.ts';
import { normalQuantile } from './normal.ts';

const TWO_PI = 2 * Math.PI;

/** Loader's deviance term x·log(x/np) + np − x without cancellation near x = np (C. Loader, 2000). */
function devianceTerm(x: number, np: number): number {
  if (Math.abs(x - np) < 0.1 * (x + np)) {
    const v = (x - np) / (x + np);
    let s = (x - np) * v;
    let ej = 2 * x * v;
    const v2 = v * v;
    for (let j = 1; j < 1000; j++) {
      ej *= v2;
      const next = s + ej / (2 * j + 1);
      if (next === s) return s;
      s = next;
    }
    return s;
  }
  return x * Math.log(x / np) + np - x;
}

/**
 * log of x^a (1−x)^b / B(a, b), with what does not depend on x taken once: a quantile evaluates it many times.
 * Loader's saddle point keeps every digit at n = 10^6, where a difference of log-gammas has lost seven.
 */
function logKernel(a: number, b: number): (x: number) => number {
  const n = a + b;
  if (a < 2 || b < 2) {
    const whole = logBeta(a, b);
    return (x) => a * Math.log(x) + b * Math.log1p(-x) - whole;
  }
  const fixed =
    stirlingError(n) - stirlingError(a) - stirlingError(b) + 0.5 * Math.log((a / n) * (b / TWO_PI));
  return (x) => fixed - devianceTerm(a, n * x) - devianceTerm(b, n * (1 - x));
}

/** Lentz's continued fraction for I_x(a, b), converging fast for x < (a+1)/(a+b+2). */
function fraction(x: number, a: number, b: number): number {
  const qab = a + b;
  let c = 1;
  let d = 1 / (1 - (qab * x) / (a + 1));
  let h = d;
  for (let m = 1; m < 100_000; m++) {
    const m2 = 2 * m;
    let step = (m * (b - m) * x) / ((a - 1 + m2) * (a + m2));
    d = 1 + step * d;
    if (d === 0) d = 1e-300;
    c = 1 + step / c;
    if (c === 0) c = 1e-300;
    d = 1 / d;
    h *= d * c;
    step = (-(a + m) * (qab + m) * x) / ((a + m2) * (a + 1 + m2));
    d = 1 + step * d;
    if (d === 0) d = 1e-300;
    c = 1 + step / c;
    if (c === 0) c = 1e-300;
    d = 1 / d;
    const delta = d * c;
    h *= delta;
    if (Math.abs(delta - 1) < 2e-16) break;
  }
  return h;
}

function tailFrom(x: number, a: number, b: number, kernel: number): number {
  return x < (a + 1) / (a + b + 2)
    ? (kernel / a) * fraction(x, a, b)
    : 1 - (kernel / b) * fraction(1 - x, b, a);
}

function betaUnchecked(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  return tailFrom(x, a, b, Math.exp(logKernel(a, b)(x)));
}

/** Regularised incomplete beta I_x(a, b) = P(Beta(a, b) ≤ x), absolute error below 1e-13. */
export function incompleteBeta(x: number, a: number, b: number): number {
  checkProbability('x', x);
  checkPositive('a', a);
  checkPositive('b', b);
  return betaUnchecked(x, a, b);
}

function quantileStart(p: number, a: number, b: number): number {
  if (a >= 1 && b >= 1) {
    const z = -normalQuantile(p);
    const al = (z * z - 3) / 6;
    const h = 2 / (1 / (2 * a - 1) + 1 / (2 * b - 1));
    const w = (z * Math.sqrt(al + h)) / h - (1 / (2 * b - 1) - 1 / (2 * a - 1)) * (al + 5 / 6 - 2 / (3 * h));
    const x = a / (a + b * Math.exp(2 * w));
    return Number.isFinite(x) ? x : a / (a + b);
  }
  const t = Math.exp(a * Math.log(a / (a + b))) / a;
  const u = Math.exp(b * Math.log(b / (a + b))) / b;
  const w = t + u;
  return p < t / w ? (a * w * p) ** (1 / a) : 1 - (b * w * (1 - p)) ** (1 / b);
}

/**
 * Quantile of Beta(a, b): the x with I_x(a, b) = p, absolute error below 1e-12.
 * Halley steps (NR 6.14) inside a shrinking bracket, so that a bad start costs time and never the answer.
 */
export function betaQuantile(p: number, a: number, b: number): number {
  checkProbability('p', p);
  checkPositive('a', a);
  checkPositive('b', b);
  if (p === 0 || p === 1) return p;
  const logOf = logKernel(a, b);
  let lo = 0;
  let hi = 1;
  let x = quantileStart(p, a, b);
  if (!(x > 0 && x < 1)) x = 0.5;
  for (let i = 0; i < 200; i++) {
    const kernel = Math.exp(logOf(x));
    const error = tailFrom(x, a, b, kernel) - p;
    if (error === 0) return x;
    if (error > 0) hi = x;
    else lo = x;
    const newton = (error * x * (1 - x)) / kernel;
    const curvature = (a - 1) / x - (b - 1) / (1 - x);
    // Far out in a tail the quadratic term means nothing: clamped, the step leaves the bracket and is bisected.
    const step = newton / (1 - 0.5 * Math.max(-1, Math.min(1, newton * curvature)));
    let next = x - step;
    const bisected = !(next > lo && next < hi);
    if (bisected) next = (lo + hi) / 2;
    const moved = Math.abs(next - x);
    x = next;
    // The steps converge cubically: one this small leaves nothing for the next to find.
    if (moved <= (bisected ? 1e-16 : 1e-6) * Math.min(x, 1 - x)) return x;
  }
  return x;
}

/** P(X ≤ k) for X ~ Bin(n, p); k < 0 gives 0, k ≥ n gives 1. */
export function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return incompleteBeta(1 - p, n - k, k + 1);
}

/** P(X ≥ k) for X ~ Bin(n, p), summed from its own side so that small tails keep their digits. */
export function binomialTail(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n) return 0;
  return incompleteBeta(p, k, n - k + 1);
}

/** P(T ≤ t) for Student's t with df > 0 degrees of freedom. */
export function studentCdf(t: number, df: number): number {
  checkPositive('df', df);
  const tail = 0.5 * betaUnchecked(df / (df + t * t), df / 2, 0.5);
  return t > 0 ? 1 - tail : tail;
}

/** Two-sided tail P(|T| ≥ |t|). */
export function studentTwoSided(t: number, df: number): number {
  checkPositive('df', df);
  return betaUnchecked(df / (df + t * t), df / 2, 0.5);
}

/** Quantile of Student's t. */
export function studentQuantile(p: number, df: number): number {
  checkPositive('df', df);
  if (p === 0.5) return 0;
  const x = betaQuantile(2 * Math.min(p, 1 - p), df / 2, 0.5);
  const t = Math.sqrt((df * (1 - x)) / x);
  return p < 0.5 ? -t : t;
}
