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
