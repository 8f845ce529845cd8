/** Eight buckets an octave from 1/64 ms: a quantile is off by at most 4.5 %, and a stream of any length takes 176 counters. */
const PER_OCTAVE = 8;
const LOWEST = 1 / 64;
const BUCKETS = 22 * PER_OCTAVE;

/** Silences between the reads of one stream, as quantiles, in milliseconds. */
export class Gaps {
  private readonly counts = new Uint32Array(BUCKETS);
  private count = 0;
  private max = 0;
  /** Of all silences, milliseconds. */
  sum = 0;

  add(ms: number): void {
    this.count++;
    this.sum += ms;
    if (ms > this.max) this.max = ms;
    const bucket = ms <= LOWEST ? 0 : Math.min(BUCKETS - 1, Math.floor(Math.log2(ms / LOWEST) * PER_OCTAVE));
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
  }

  get longest(): number {
    return this.max;
  }

  /** Those of another stream as well; when there are more than `lately` those before count half. */
  merge(other: Gaps, lately: number): void {
    this.count = 0;
    for (let i = 0; i < BUCKETS; i++) {
      const sum = (this.counts[i] as number) + (other.counts[i] as number);
      this.counts[i] = sum;
      this.count += sum;
    }
    this.max = Math.max(this.max, other.max);
    this.sum += other.sum;
    if (this.count > lately) this.halve();
  }

  private halve(): void {
    this.count = 0;
    for (let i = 0; i < BUCKETS; i++) {
      this.counts[i] = (this.counts[i] as number) >> 1;
      this.count += this.counts[i] as number;
    }
    this.sum /= 2;
  }

  read(): { p50: number; p99: number; max: number; count: number } | undefined {
    if (this.count === 0) return undefined;
    return { p50: this.quantile(0.5), p99: this.quantile(0.99), max: round(this.max), count: this.count };
  }

  private quantile(q: number): number {
    let rest = q * this.count;
    for (let i = 0; i < BUCKETS; i++) {
      rest -= this.counts[i] as number;
      if (rest <= 0) return round(Math.min(this.max, LOWEST * 2 ** ((i + 0.5) / PER_OCTAVE)));
    }
    return round(this.max);
  }
}

export const roundIf = (ms: number | undefined): number | undefined =>
  ms === undefined ? undefined : round(ms);

/** Microseconds are the finest that a shared machine can mean. */
export const round = (ms: number): number => Math.round(ms * 1000) / 1000;
