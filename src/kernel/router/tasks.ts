/**
 * Which exchanges are one task: a repeat within ten minutes that shares half of its word triples with what was asked last.
 *
 * Formula: Jaccard similarity of the sets of word 3-grams, on the `SKETCH` smallest hashes of each set: exact while their union is no larger, else with a standard error of √(J(1−J)/SKETCH). Texts below three words are compared word by word: no 3-gram of theirs survives an edit.
 * Assumes: a person who is not content says nearly the same again; the words are those of the last user message.
 * Cost: linear in the words to sketch, 2 × SKETCH comparisons to compare; a few microseconds for a question.
 * Lies when: a template makes all questions of a session alike (they become one task), or a repeat is worded anew (it becomes another).
 * Reference: Broder 1997 (bottom-k sketch).
 */
import type { EpochMs } from '#contracts';
import { words } from '../stats/text/tokens.ts';

/** What is kept of somebody's words: hashes in ascending order, from which no text can be read back. */
export interface Wording {
  /** Number of words; 0 where nothing was said. */
  readonly n: number;
  readonly words: Uint32Array;
  readonly triples: Uint32Array;
}

export interface BoundaryPolicy {
  readonly name: string;
  readonly version: number;
  /** Least similarity. */
  readonly similarity: number;
  /** Longest silence within a task, milliseconds. */
  readonly gap: number;
}

/** Named and versioned: another cut gives another cost per task. */
export const TASK_1: BoundaryPolicy = Object.freeze({
  name: 'task',
  version: 1,
  similarity: 0.5,
  gap: 600_000,
});

const SKETCH = 128;
const GRAM = 3;

export function wordingOf(text: string): Wording {
  const list = hashesOf(text);
  const n = list.length;
  const triples = new Uint32Array(Math.max(0, n - GRAM + 1));
  for (let i = 0; i < triples.length; i++)
    triples[i] = mixed(Math.imul(mixed(Math.imul(list[i]!, A) ^ list[i + 1]!), B) ^ list[i + 2]!);
  return { n, words: smallest(Uint32Array.from(list)), triples: smallest(triples) };
}

const [A, B] = [0x9e3779b1, 0x85ebca77];

const smallest = (hashes: Uint32Array): Uint32Array => {
  hashes.sort();
  let kept = 0;
  for (let i = 0; i < hashes.length && kept < SKETCH; i++)
    if (kept === 0 || hashes[i] !== hashes[kept - 1]) hashes[kept++] = hashes[i]!;
  return hashes.slice(0, kept);
};

/** One hash a word. Texts in ASCII are read in one pass, without a string for each word: they are asked on the hot path. */
function hashesOf(text: string): readonly number[] {
  const found: number[] = [];
  let h = BASIS;
  let inside = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return words(text).map(wordHash);
    if (!isWordCode(code)) {
      if (inside) found.push(mixed(h));
      inside = false;
      h = BASIS;
      continue;
    }
    inside = true;
    h = Math.imul(h ^ (code >= 0x41 && code <= 0x5a ? code + 0x20 : code), PRIME);
  }
  if (inside) found.push(mixed(h));
  return found;
}

/** FNV-1a with a final avalanche. */
const [BASIS, PRIME] = [0x811c9dc5, 0x01000193];

function wordHash(word: string): number {
  let h = BASIS;
  for (let i = 0; i < word.length; i++) h = Math.imul(h ^ word.charCodeAt(i), PRIME);
  return mixed(h);
}

/** Digits and letters, as `words` has them. */
const isWordCode = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39);

function mixed(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** In [0, 1]; who said nothing repeats nobody. */
export function similarity(a: Wording, b: Wording): number {
  if (a.n === 0 || b.n === 0) return 0;
  return Math.min(a.n, b.n) < GRAM ? overlap(a.words, b.words) : overlap(a.triples, b.triples);
}

/** Jaccard over the smallest hashes of the union, which are a fair sample of it. */
function overlap(a: Uint32Array, b: Uint32Array): number {
  let [i, j, seen, both] = [0, 0, 0, 0];
  while (seen < SKETCH && (i < a.length || j < b.length)) {
    const [left = Number.POSITIVE_INFINITY, right = Number.POSITIVE_INFINITY] = [a[i], b[j]];
    if (left === right) both++;
    if (left <= right) i++;
    if (right <= left) j++;
    seen++;
  }
  return seen === 0 ? 0 : both / seen;
}

/** Does an exchange go on with a task that was last heard of at `to`, in these words? Both of one session. */
export const goesOn = (
  task: { readonly to: EpochMs; readonly wording: Wording },
  next: { readonly at: EpochMs; readonly wording: Wording },
  policy: BoundaryPolicy = TASK_1,
): boolean => next.at - task.to <= policy.gap && similarity(task.wording, next.wording) >= policy.similarity;
