/** Quantiles of a round, milliseconds. */
export interface Spread {
  readonly n: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * Keeps every value. A round has some hundred thousand at most; a sketch would save memory that nobody misses and add an
 * error of a percent to differences that are smaller than that.
 */
export class Samples {
  #values = new Float64Array(1 << 14);
  #n = 0;

  add(value: number): void {
    if (this.#n === this.#values.length) {
      const more = new Float64Array(this.#n * 2);
      more.set(this.#values);
      this.#values = more;
    }
    this.#values[this.#n++] = value;
  }

  get n(): number {
    return this.#n;
  }

  spread(): Spread {
    const sorted = this.#values.slice(0, this.#n).sort();
    const at = (q: number) => quantile(sorted, q);
    return { n: this.#n, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
  }
}

/** Nearest rank: the smallest value such that at least `q` of all are not above it; NaN when there are none. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
};
