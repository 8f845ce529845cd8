import type { MonotonicMs } from '#contracts';

/** An answer as it is written down. */
export interface Leaf {
  readonly name: string;
  readonly head: string;
  readonly body: Uint8Array;
  readonly until: MonotonicMs;
}

interface Page {
  readonly number: number;
  readonly bytes: Buffer;
  used: number;
  /** One each per answer, in order of keeping; what was dropped stands before `first`. */
  readonly names: string[];
  readonly ends: number[];
  readonly bodies: number[];
  readonly untils: number[];
  first: number;
}

const PAGE = 256 * 1024;
/** More answers than fit on a page, so that page and answer make one number. */
const PLACES = 2 ** 20;
/** What an answer costs beside its bytes: its name, twice two places in tables. */
const OVERHEAD = 256;

/**
 * Answers in the order of their keeping, written one behind the other on pages of bytes. As objects of their own each was two dozen
 * of them, and every collection walked over the million and a half that a full shelf had: a third of a gateway's time whose
 * callers all send keys, and three times the memory that was counted.
 */
export class Pages {
  private readonly places = new Map<string, number>();
  /** The oldest first. */
  private pages: Page[] = [];
  private spare: Buffer | undefined;
  private next = 0;
  /** Bytes of what is kept, `OVERHEAD` included. */
  bytes = 0;

  get size(): number {
    return this.places.size;
  }

  /** Until when the oldest is kept. */
  get oldest(): MonotonicMs | undefined {
    const page = this.pages[0];
    return page && (page.untils[page.first] as MonotonicMs);
  }

  /** A body of its own: the page may be written anew while somebody still reads slowly. */
  get(name: string): Omit<Leaf, 'name'> | undefined {
    const place = this.places.get(name);
    if (place === undefined) return undefined;
    const page = this.pages[Math.floor(place / PLACES) - (this.pages[0]?.number ?? 0)] as Page;
    const i = place % PLACES;
    const body = page.bodies[i] as number;
    return {
      head: page.bytes.toString('utf8', i === 0 ? 0 : page.ends[i - 1], body),
      body: new Uint8Array(page.bytes.subarray(body, page.ends[i])),
      until: page.untils[i] as MonotonicMs,
    };
  }

  /** In place of what was kept under the name. */
  put({ name, head, body, until }: Leaf): void {
    const page = this.withRoom(Buffer.byteLength(head) + body.length);
    const start = page.used;
    const at = start + page.bytes.write(head, start);
    page.bytes.set(body, at);
    page.used = at + body.length;
    this.places.set(name, page.number * PLACES + page.names.length);
    page.names.push(name);
    page.bodies.push(at);
    page.ends.push(page.used);
    page.untils.push(until);
    this.bytes += page.used - start + OVERHEAD;
  }

  /** Its name; undefined when there is none, or when a younger answer has its name. */
  dropOldest(): string | undefined {
    const page = this.pages[0];
    if (!page) return undefined;
    const i = page.first++;
    const name = page.names[i] as string;
    this.bytes -= (page.ends[i] as number) - (i === 0 ? 0 : (page.ends[i - 1] as number)) + OVERHEAD;
    if (page.first === page.names.length) this.turn(page);
    if (this.places.get(name) !== page.number * PLACES + i) return undefined;
    this.places.delete(name);
    return name;
  }

  clear(): void {
    this.places.clear();
    this.pages = [];
    this.spare = undefined;
    this.bytes = 0;
  }

  private withRoom(bytes: number): Page {
    const last = this.pages.at(-1);
    if (last && last.used + bytes <= last.bytes.length) return last;
    const fits = bytes <= PAGE;
    const page: Page = {
      number: this.next++,
      bytes: (fits && this.spare) || Buffer.allocUnsafeSlow(fits ? PAGE : bytes),
      used: 0,
      names: [],
      ends: [],
      bodies: [],
      untils: [],
      first: 0,
    };
    if (fits) this.spare = undefined;
    this.pages.push(page);
    return page;
  }

  private turn(page: Page): void {
    this.pages.shift();
    if (page.bytes.length === PAGE) this.spare = page.bytes;
  }
}
