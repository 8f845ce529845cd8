import { KnownHashes } from './known-hashes.ts';

/**
 * Remembers what is certainly in the database, so that what repeats is not sent again: the prompt all asks share, the
 * turns a conversation repeats. Two generations in place of a list in order of use: looking up a remembered key moves it
 * to the young one, and when that is full the old one is forgotten as a whole. No bookkeeping, memory bounded.
 */
export class Known<Key> {
  #young = new Set<Key>();
  #old = new Set<Key>();
  readonly #half: number;

  constructor(capacity: number) {
    this.#half = Math.max(1, Math.floor(capacity / 2));
  }

  has(key: Key): boolean {
    if (this.#young.has(key)) return true;
    if (!this.#old.has(key)) return false;
    this.add(key);
    return true;
  }

  add(key: Key): void {
    if (this.#young.size >= this.#half) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}

/** Memory per partition, so that what lay in a dropped one is not believed to lie in its successor. */
export class KnownIn {
  readonly #partitions = new Map<number, KnownHashes>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  of(oid: number): KnownHashes {
    let known = this.#partitions.get(oid);
    if (known === undefined) {
      // Today, yesterday's stragglers and an import; more days at once are rare and only cost questions.
      if (this.#partitions.size >= 3) this.#partitions.clear();
      known = new KnownHashes(this.#capacity);
      this.#partitions.set(oid, known);
    }
    return known;
  }
}
