import type { Begin, Citation, End, Open, Seal, Sink } from './neutral.ts';

export interface Said {
  readonly open: Open;
  text: string;
  seal?: Seal;
  readonly citations: Citation[];
}

/** Adds an answer up. */
export class Assembler implements Sink {
  readonly parts: Said[] = [];
  head: Begin = {};
  last: End | undefined;

  begin(begin: Begin): void {
    this.head = begin;
  }
  open(open: Open): void {
    this.parts.push({ open, text: '', citations: [] });
  }
  piece(text: string): void {
    const part = this.parts.at(-1);
    if (part) part.text += text;
  }
  cite(citation: Citation): void {
    this.parts.at(-1)?.citations.push(citation);
  }
  close(seal?: Seal): void {
    const part = this.parts.at(-1);
    if (part && seal) part.seal = seal;
  }
  end(end: End): void {
    this.last = end;
  }
}

/** A whole answer: what an assembler holds once it has been told the end. */
export interface Answer {
  readonly head: Begin;
  readonly parts: readonly Said[];
  readonly end: End;
}
