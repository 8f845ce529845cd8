/** P(K ≥ x) of Kolmogorov's limit law. */
export function kolmogorovTail(x: number): number {
  if (x <= 0.04) return 1;
  if (x < 1) {
    // The theta-function twin converges where the alternating series does not.
    let sum = 0;
    for (let j = 1; j < 20; j += 2) sum += Math.exp(-(j * j * Math.PI * Math.PI) / (8 * x * x));
    return 1 - (Math.sqrt(2 * Math.PI) / x) * sum;
  }
  let sum = 0;
  for (let j = 1; j < 100; j++) {
    const term = Math.exp(-2 * j * j * x * x);
    sum += j % 2 === 1 ? term : -term;
    if (term < 1e-18) break;
  }
  return Math.min(1, 2 * sum);
}
