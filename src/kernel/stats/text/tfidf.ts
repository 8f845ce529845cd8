/**
 * Hashed n-gram TF-IDF: an embedding without a model.
 *
 * Formula: words and character 3-grams within words are hashed to `dimensions` buckets with a sign; weight (1 + log tf)·idf, idf = log((1 + N)/(1 + df)) + 1; vectors have length 1, so their product is the cosine.
 * Assumes: one pinned hash; document frequencies from a frozen corpus (without them idf = 1).
 * Cost: O(length of the text), about 0.1 ms per KB.
 * Lies when: meaning changes and words do not; two buckets of 2^12 collide for one pair of grams in 4,096, which the sign makes cancel on average.
 * Reference: Salton and Buckley 1988; Weinberger et al. 2009 (signed hashing).
 */
import { checkCount, checkPositiveCount } from '../check.ts';
import { StatsError } from '../error.ts';
import { hash32, words } from './tokens.ts';

/** Sparse vector: ascending bucket indices with their values. */
export interface SparseVector {
  readonly indices: readonly number[];
  readonly values: readonly number[];
}

export interface DocumentFrequencies {
  readonly documents: number;
  readonly dimensions: number;
  /** Documents in which a bucket was hit, by bucket. */
  readonly counts: Readonly<Record<string, number>>;
}

export const DEFAULT_DIMENSIONS = 4096;

function grams(text: string): string[] {
  const out: string[] = [];
  for (const word of words(text)) {
    out.push(word);
    const padded = `^${word}$`;
    if (word.length > 2) for (let i = 0; i + 3 <= padded.length; i++) out.push(`#${padded.slice(i, i + 3)}`);
  }
  return out;
}

function bucketCounts(text: string, dimensions: number): Map<number, number> {
  const tf = new Map<string, number>();
  for (const gram of grams(text)) tf.set(gram, (tf.get(gram) ?? 0) + 1);
  const buckets = new Map<number, number>();
  for (const [gram, count] of tf) {
    const h = hash32(gram);
    const index = h % dimensions;
    const sign = h >>> 31 === 0 ? 1 : -1;
    buckets.set(index, (buckets.get(index) ?? 0) + sign * (1 + Math.log(count)));
  }
  return buckets;
}

export function emptyFrequencies(dimensions = DEFAULT_DIMENSIONS): DocumentFrequencies {
  checkPositiveCount('dimensions', dimensions);
  return { documents: 0, dimensions, counts: {} };
}

/** Adds documents; the order does not matter. */
export function addDocuments(
  frequencies: DocumentFrequencies,
  texts: readonly string[],
): DocumentFrequencies {
  checkCount('frequencies.documents', frequencies.documents);
  const counts: Record<string, number> = { ...frequencies.counts };
  for (const text of texts) {
    for (const index of bucketCounts(text, frequencies.dimensions).keys())
      counts[index] = (counts[index] ?? 0) + 1;
  }
  return { ...frequencies, documents: frequencies.documents + texts.length, counts };
}

/** Unit vector of a text; the zero vector (no entries) for a text without words. */
export function tfidf(text: string, frequencies?: DocumentFrequencies): SparseVector {
  if (typeof text !== 'string') throw new StatsError('text', 'must be a string');
  const dimensions = frequencies?.dimensions ?? DEFAULT_DIMENSIONS;
  const entries = [...bucketCounts(text, dimensions)]
    .map(([index, tf]): [number, number] => {
      const idf = frequencies
        ? Math.log((1 + frequencies.documents) / (1 + (frequencies.counts[index] ?? 0))) + 1
        : 1;
      return [index, tf * idf];
    })
    .filter(([, value]) => value !== 0)
    .sort((a, b) => a[0] - b[0]);
  const norm = Math.sqrt(entries.reduce((sum, [, v]) => sum + v * v, 0));
  return { indices: entries.map(([i]) => i), values: entries.map(([, v]) => v / norm) };
}

/** Cosine of two unit vectors; 0 with a zero vector. */
export function cosine(a: SparseVector, b: SparseVector): number {
  let sum = 0;
  let j = 0;
  for (let i = 0; i < a.indices.length; i++) {
    while (j < b.indices.length && b.indices[j]! < a.indices[i]!) j++;
    if (b.indices[j] === a.indices[i]) sum += a.values[i]! * b.values[j]!;
  }
  return Math.min(1, Math.max(-1, sum));
}

/** Dense form, for the energy test. */
export function dense(vector: SparseVector, dimensions = DEFAULT_DIMENSIONS): Float64Array {
  const out = new Float64Array(dimensions);
  vector.indices.forEach((index, k) => {
    if (index >= dimensions)
      throw new StatsError('dimensions', `must exceed every index, ${index} does not fit`);
    out[index] = vector.values[k]!;
  });
  return out;
}
