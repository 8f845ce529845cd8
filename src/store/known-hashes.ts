/** Numbers of 32 bits in a hash of 32 hexadecimal digits. */
const WORDS = 4;
const DIGITS = 8;

/**
 * `Known` for hashes of 32 hexadecimal digits, in two tables of 16 bytes an entry. As strings in sets they took six times that, all
 * of it old, and every full collection of the scribe's thread walked over them.
 */
export class KnownHashes {
  readonly #half: number;
  #young: Table;
  #old: Table;

  constructor(capacity: number) {
    this.#half = Math.max(1, Math.floor(capacity / 2));
    this.#young = new Table(this.#half);
    this.#old = new Table(this.#half);
  }

  has(hash: string): boolean {
    const words = wordsOf(hash);
    if (this.#young.has(words)) return true;
    if (!this.#old.has(words)) return false;
    this.#add(words);
    return true;
  }

  add(hash: string): void {
    this.#add(wordsOf(hash));
  }

  #add(words: Words): void {
    if (this.#young.size >= this.#half) {
      const emptied = this.#old;
      emptied.clear();
      this.#old = this.#young;
      this.#young = emptied;
    }
    this.#young.add(words);
  }
}

type Words = Uint32Array;
const scratch: Words = new Uint32Array(WORDS);

/** In one place that is written anew by each call: a hash a call would be garbage a call. */
function wordsOf(hash: string): Words {
  for (let i = 0; i < WORDS; i++) scratch[i] = Number.parseInt(hash.slice(i * DIGITS, (i + 1) * DIGITS), 16);
  return scratch;
}

/** Open addressing, at most half full; hashes are spread already. All zeros is an empty place: no body has that hash in a billion years. */
class Table {
  readonly #words: Uint32Array;
  readonly #mask: number;
  size = 0;

  constructor(most: number) {
    const places = 2 ** Math.ceil(Math.log2(most * 2));
    this.#words = new Uint32Array(places * WORDS);
    this.#mask = places - 1;
  }

  has(words: Words): boolean {
    return this.#same(this.#placeOf(words), words);
  }

  add(words: Words): void {
    const place = this.#placeOf(words);
    if (this.#same(place, words)) return;
    this.#words.set(words, place);
    this.size++;
  }

  clear(): void {
    this.#words.fill(0);
    this.size = 0;
  }

  /** Where it is, or the empty place where it would be. */
  #placeOf(words: Words): number {
    let i = (words[0] as number) & this.#mask;
    while (!this.#same(i * WORDS, words) && !this.#empty(i * WORDS)) i = (i + 1) & this.#mask;
    return i * WORDS;
  }

  #same(place: number, words: Words): boolean {
    const all = this.#words;
    return (
      all[place] === words[0] &&
      all[place + 1] === words[1] &&
      all[place + 2] === words[2] &&
      all[place + 3] === words[3]
    );
  }

  #empty(place: number): boolean {
    const all = this.#words;
    return all[place] === 0 && all[place + 1] === 0 && all[place + 2] === 0 && all[place + 3] === 0;
  }
}
