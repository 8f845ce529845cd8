/** log Σ e^{x_i}; −∞ for an empty list. */
export function logSumExp(x: ArrayLike<number>): number {
  let top = -Infinity;
  for (let i = 0; i < x.length; i++) if (x[i]! > top) top = x[i]!;
  if (top === -Infinity) return top;
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += Math.exp(x[i]! - top);
  return top + Math.log(sum);
}

/** Log odds. */
export function logit(p: number): number {
  return Math.log(p / (1 - p));
}

/** Binary entropy in nats; 0 at both ends. */
export function binaryEntropy(p: number): number {
  return p <= 0 || p >= 1 ? 0 : -p * Math.log(p) - (1 - p) * Math.log1p(-p);
}
