import type { Seam } from '#contracts';

/** Joins the rest of a text to its beginning: what of the rest was said before is left out, however it is cut into pieces. */
export interface Joint {
  /** What may be said of the rest so far; empty while that is not known. */
  push(piece: string): string;
  /** What is left to say when no more comes. */
  end(): string;
  /** What came does not belong to this text. */
  readonly broken: boolean;
}

/** How many characters at the beginning of `held` were said before; `wait`: more has to come first. */
type Decide = (held: string, last: boolean) => number | 'wait' | 'broken';

export function joint(text: string, by: Seam): Joint {
  const decide = deciderOf(text, by);
  let held = '';
  let decided = false;
  let broken = false;
  const settle = (last: boolean): string => {
    if (decided || broken) return '';
    const skip = decide(held, last);
    if (skip === 'wait') return '';
    if (skip === 'broken') {
      broken = true;
      return '';
    }
    decided = true;
    const rest = held.slice(skip);
    held = '';
    return rest;
  };
  return {
    push(piece) {
      if (decided) return piece;
      held += piece;
      return settle(false);
    },
    end: () => settle(true),
    get broken() {
      return broken;
    },
  };
}

function deciderOf(text: string, by: Seam): Decide {
  switch (by) {
    case 'instruction':
      return (held, last) => overlap(text, held, last);
    case 'restart':
      return (held, last) => repeated(text, held, last);
    case 'prefix':
      return (held, last) => echoed(text, held, last);
    default:
      return (held, last) => spaced(text, held, last);
  }
}

/** As a beginning that is handed over: Anthropic refuses one that ends in white space, and all models go on better without. */
export const handed = (text: string): string => text.trimEnd();

/** The beginning was handed over without its white space, so the rest may begin with that. */
function spaced(text: string, held: string, last: boolean): number | 'wait' {
  const space = text.slice(handed(text).length);
  let same = 0;
  while (same < space.length && same < held.length && held[same] === space[same]) same++;
  return same === held.length && same < space.length && !last ? 'wait' : same;
}

/** Mistral repeats the beginning, DeepSeek does not. */
function echoed(text: string, held: string, last: boolean): number | 'wait' {
  const given = handed(text);
  if (held.length < given.length && given.startsWith(held) && !last) return 'wait';
  if (!held.startsWith(given)) return spaced(text, held, last);
  const after = spaced(text, held.slice(given.length), last);
  return after === 'wait' ? after : given.length + after;
}

/** A second answer is of use only where it is the same one. */
function repeated(text: string, held: string, last: boolean): number | 'wait' | 'broken' {
  if (held.startsWith(text)) return text.length;
  return text.startsWith(held) && !last ? 'wait' : 'broken';
}

/** How far back a repetition may begin, in characters, unless it begins with the whole text. */
export const WINDOW = 4_096;
/** As long as this, a repetition is one even where it begins within a word. */
const SURELY = 12;
/** The same where there are no spaces between words: two characters are often one word said twice. */
const SURELY_SPACELESS = 3;

/** The longest end of the text with which the rest begins. */
function overlap(text: string, held: string, last: boolean): number | 'wait' {
  const from = Math.max(0, text.length - WINDOW);
  if (!last && grows(text, held, from)) return 'wait';
  if (held.startsWith(text)) return text.length;
  for (let size = Math.min(held.length, text.length - from); size > 0; size--)
    if (text.endsWith(held.slice(0, size)) && isRepetition(text, held, size)) return size;
  return 0;
}

/** Could what is held still be the beginning of a longer repetition? */
function grows(text: string, held: string, from: number): boolean {
  if (held.length < text.length && text.startsWith(held)) return true;
  const at = text.indexOf(held, from);
  return at >= 0 && at + held.length < text.length;
}

/**
 * Letters in common may be chance: `Hel` and `lo` overlap, and mean `Hello`. A model that repeats itself begins at a word, so a
 * short overlap counts only where it does; it may end within one, because the answer did.
 */
function isRepetition(text: string, held: string, size: number): boolean {
  const at = text.length - size;
  if (splitsPair(text, at)) return false;
  const said = held.slice(0, size);
  if (/^ +$/.test(said)) return true;
  if (size >= SURELY) return true;
  // What follows white space begins something, be it a dash.
  if (/\s\S/.test(text.slice(at - 1, at + 1))) return true;
  if (SPACELESS.test(said)) return size >= SURELY_SPACELESS;
  return WORD.test(said) && !within(text, at);
}

/** Scripts that do not say where a word begins. */
const SPACELESS =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const WORD = /[\p{L}\p{N}]/u;

/** Does this place lie inside a word? */
function within(text: string, at: number): boolean {
  if (at <= 0 || at >= text.length) return false;
  return WORD.test(before(text, at)) && WORD.test(String.fromCodePoint(text.codePointAt(at) ?? 0));
}

/** The character that ends here, whole where it is a pair. */
const before = (text: string, at: number): string =>
  splitsPair(text, at - 1) ? text.slice(at - 2, at) : (text[at - 1] ?? '');

const splitsPair = (text: string, at: number): boolean =>
  at > 0 && (text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800;
