/**
 * MinHash and shingle Jaccard: how much text do two documents share?
 *
 * Formula: Jaccard J = |A∩B|/|A∪B| of word n-gram sets; the share of equal MinHash slots estimates it with standard error √(J(1−J)/k); edits of a share e of the words leave s = (1−e)^n of the shingles and J = s/(2−s).
 * Assumes: shingles as sets, so repeats count once.
 * Cost: k hashes per shingle to sign, O(k) to compare; k = 128 gives an error of at most .045.
 * Lies when: texts are shorter than a few shingles, or are boilerplate with one changed number.
 * Reference: Broder 1997.
 */
import { checkPositiveCount, checkSameLength } from '../check.ts';
import { hash32, shingles } from './tokens.ts';

/** Exact Jaccard similarity of the word n-gram sets; two texts without words are equal. */
export function jaccard(a: string, b: string, n = 3): number {
  checkPositiveCount('n', n);
  const left = new Set(shingles(a, n));
  const right = new Set(shingles(b, n));
  if (left.size === 0 && right.size === 0) return 1;
  let shared = 0;
  for (const shingle of left) if (right.has(shingle)) shared++;
  return shared / (left.size + right.size - shared);
}

/** Signature of k slots; 0xffffffff in every slot for a text without words. */
export function minhash(
  text: string,
  { n = 3, k = 128 }: { readonly n?: number; readonly k?: number } = {},
): readonly number[] {
  checkPositiveCount('n', n);
  checkPositiveCount('k', k);
  const slots = new Array<number>(k).fill(0xffffffff);
  for (const shingle of new Set(shingles(text, n))) {
    const one = hash32(shingle, 1);
    const two = hash32(shingle, 2) | 1;
    let h = one;
    for (let i = 0; i < k; i++) {
      // Mixed again per slot: the bare arithmetic progression one + i·two is visibly biased for small sets.
      let mixed = Math.imul(h ^ (h >>> 16), 0x7feb352d);
      mixed = (mixed ^ (mixed >>> 15)) >>> 0;
      if (mixed < slots[i]!) slots[i] = mixed;
      h = (h + two) >>> 0;
    }
  }
  return slots;
}

/** Estimated Jaccard similarity of two signatures of one kind. */
export function minhashSimilarity(a: readonly number[], b: readonly number[]): number {
  checkSameLength('a', a, 'b', b);
  checkPositiveCount('a.length', a.length);
  let equal = 0;
  for (let i = 0; i < a.length; i++) if (a[i] === b[i]) equal++;
  return equal / a.length;
}
