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
import { hash32, words } from '../stats/text/tokens.ts';

/** What is kept of somebody's words: hashes in ascending order, from which no text can be read back. */
export interface Wording {
  /** Number of words; 0 where nothing was said. */
  readonly n: number;
  readonly words: readonly number[];
  readonly triples: readonly number[];
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
  const list = words(text);
  const triples = new Set<number>();
  for (let i = 0; i + GRAM <= list.length; i++)
    triples.add(hash32(`${list[i]} ${list[i + 1]} ${list[i + 2]}`));
  return {
    n: list.length,
    words: smallest(new Set(list.map((word) => hash32(word)))),
    triples: smallest(triples),
  };
}

const smallest = (hashes: ReadonlySet<number>): readonly number[] =>
  [...hashes].sort((a, b) => a - b).slice(0, SKETCH);

/** In [0, 1]; who said nothing repeats nobody. */
export function similarity(a: Wording, b: Wording): number {
  if (a.n === 0 || b.n === 0) return 0;
  return Math.min(a.n, b.n) < GRAM ? overlap(a.words, b.words) : overlap(a.triples, b.triples);
}

/** Jaccard over the smallest hashes of the union, which are a fair sample of it. */
function overlap(a: readonly number[], b: readonly number[]): number {
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
