import { pick, type Random } from '../draw.ts';

/**
 * A string that matches a regular expression: literals, classes, groups, alternation and quantifiers. Lookaround and
 * back-references are skipped; whoever needs them gets a string that may not match.
 */
export function stringLike(
  pattern: string,
  random: Random,
  least = 0,
  most = Number.POSITIVE_INFINITY,
): string {
  for (const extra of [0, 1, 2, 4, 8, 16, 32, 64]) {
    const made = generate(pattern, random, extra);
    if (made.length >= least && made.length <= most) return made;
  }
  return generate(pattern, random, 0);
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const CLASSES: Readonly<Record<string, string>> = {
  d: DIGITS,
  w: LETTERS + LETTERS.toUpperCase() + DIGITS,
  s: ' ',
  D: LETTERS,
  W: '-',
  S: LETTERS,
};

/** `extra`: how often an open-ended repetition goes beyond its minimum. */
function generate(source: string, random: Random, extra: number): string {
  let at = 0;

  const alternatives = (): string => {
    const options = [sequence()];
    while (source[at] === '|') {
      at++;
      options.push(sequence());
    }
    return pick(options, random)();
  };
  const sequence = (): (() => string) => {
    const parts: (() => string)[] = [];
    while (at < source.length && source[at] !== '|' && source[at] !== ')') parts.push(repeated(atom()));
    return () => parts.map((part) => part()).join('');
  };
  const atom = (): (() => string) => {
    const char = source[at++] as string;
    if (char === '^' || char === '$') return () => '';
    if (char === '.') return () => pick([...LETTERS], random);
    if (char === '[') return set();
    if (char === '(') return group();
    if (char === '\\') return escaped();
    return () => char;
  };
  const group = (): (() => string) => {
    const head = /^\?(?::|<[A-Za-z]\w*>|([=!]|<[=!]))/.exec(source.slice(at));
    if (head) at += head[0].length;
    const from = at;
    alternatives();
    const inner = source.slice(from, at);
    at++;
    return head?.[1] === undefined ? () => generate(inner, random, extra) : () => '';
  };
  const escaped = (): (() => string) => {
    const char = source[at++] as string;
    if (char === 'b' || char === 'B') return () => '';
    if (char === 'p' || char === 'P') {
      at = source.indexOf('}', at) + 1;
      return () => pick([...LETTERS], random);
    }
    const members = CLASSES[char];
    if (members) return () => pick([...members], random);
    const control = { n: '\n', t: '\t', r: '\r' }[char];
    return () => control ?? char;
  };
  const set = (): (() => string) => {
    const negated = source[at] === '^';
    if (negated) at++;
    const members = new Set<string>();
    for (let first = true; at < source.length && (first || source[at] !== ']'); first = false) {
      let char = source[at++] as string;
      if (char === '\\') {
        char = source[at++] as string;
        const inner = CLASSES[char];
        if (inner) {
          for (const c of inner) members.add(c);
          continue;
        }
      }
      if (source[at] === '-' && source[at + 1] !== ']' && source[at + 1] !== undefined) {
        const end = source[at + 1] as string;
        at += 2;
        for (let code = char.charCodeAt(0); code <= end.charCodeAt(0); code++)
          members.add(String.fromCharCode(code));
      } else members.add(char);
    }
    at++;
    const list = negated ? [...`${LETTERS}${DIGITS}-_ `].filter((c) => !members.has(c)) : [...members];
    return () => pick(list, random);
  };
  const repeated = (one: () => string): (() => string) => {
    const mark = /^(?:([*+?])|\{(\d+)(,)?(\d+)?\})\??/.exec(source.slice(at));
    if (!mark) return one;
    at += mark[0].length;
    const [, sign, low, comma, high] = mark;
    const min = sign ? (sign === '+' ? 1 : 0) : Number(low);
    const max = sign
      ? sign === '?'
        ? 1
        : Number.POSITIVE_INFINITY
      : comma
        ? Number(high ?? Number.POSITIVE_INFINITY)
        : min;
    const times = Math.min(max, min + extra);
    return () => Array.from({ length: times }, one).join('');
  };

  return alternatives();
}
