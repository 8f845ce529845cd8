import { checkNonNegative, checkPositive } from '../check.ts';

const HALF_LOG_2PI = 0.9189385332046727;

/**
 * log Γ(x) minus Stirling's main term, δ(x) = log Γ(x+1) − (x+½)·log x + x − ½·log 2π for x > 0.
 * Kept apart because the saddle-point form of the binomial needs the small difference, and taking it from
 * two large logarithms would lose every digit at n = 10^6.
 */
export function stirlingError(x: number): number {
  if (x < 16) return logGamma(x + 1) - (x + 0.5) * Math.log(x) + x - HALF_LOG_2PI;
  return stirlingSeries(x);
}

function stirlingSeries(x: number): number {
  const y = 1 / (x * x);
  return (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y * (1 / 1188 - (y * 691) / 360360))))) / x;
}

/** log Γ(x), x > 0, relative error about 1e-15: Stirling's series after an upward shift to x ≥ 16. */
export function logGamma(x: number): number {
  checkPositive('x', x);
  let shift = 1;
  let y = x;
  while (y < 16) {
    shift *= y;
    y += 1;
  }
  return (y - 0.5) * Math.log(y) - y + HALF_LOG_2PI + stirlingSeries(y) - Math.log(shift);
}

/** log of the Beta function B(a, b), a, b > 0. */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** log n! for n ≥ 0. */
export function logFactorial(n: number): number {
  return n < 2 ? 0 : logGamma(n + 1);
}

/** Upper regularised incomplete gamma Q(a, x): series below a+1, Lentz continued fraction above (NR 6.2). */
export function gammaQ(a: number, x: number): number {
  checkPositive('a', a);
  checkNonNegative('x', x);
  if (x === 0) return 1;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < 100_000 && term > sum * 1e-17; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return Math.max(0, 1 - front * sum);
  }
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 100_000; i++) {
    const an = -i * (i - a);
    b += 2;
    d = an * d + b;
    if (Math.abs(d) < 1e-300) d = 1e-300;
    c = b + an / c;
    if (Math.abs(c) < 1e-300) c = 1e-300;
    d = 1 / d;
    const delta = d * c;
    h *= delta;
    if (Math.abs(delta - 1) < 1e-16) break;
  }
  return front * h;
}

/** P(χ²_df ≥ x). */
export function chiSquareTail(x: number, df: number): number {
  return gammaQ(df / 2, x / 2);
}
