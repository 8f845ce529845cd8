import { type Span, tidy } from './span.ts';

/** A kind of personal data: a linear pattern (nothing nested, every run anchored at its left end) and a check of what it found. */
interface Kind {
  readonly by: string;
  readonly pattern: RegExp;
  readonly holds?: (found: string) => boolean;
}

const KINDS: readonly Kind[] = [
  {
    by: '[email]',
    pattern: /(?<![\w.%+-])[\w.%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])/g,
  },
  {
    by: '[iban]',
    pattern:
      /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?)(?![A-Za-z0-9])/g,
    holds: (found) => mod97(found) === 1,
  },
  {
    by: '[card]',
    // In one piece, or grouped as printed: four by four, or 4-6-5.
    pattern: /(?<![\d.])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{5})(?![\d])/g,
    holds: isCard,
  },
  { by: '[ssn]', pattern: /(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])/g },
  {
    by: '[phone]',
    pattern: /(?<![\w+])\+\d{1,3}(?:[ .-]?\(\d{1,4}\))?(?:[ .-]?\d{1,4}){2,6}(?!\d)/g,
    holds: (found) => within(digitsOf(found).length, 8, 15),
  },
  { by: '[phone]', pattern: /(?<![\d.(-])(?:1[-. ])?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\d-])/g },
  {
    by: '[ip]',
    pattern: /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d]|\.\d)/g,
    holds: (found) => found.split('.').every((part) => Number(part) <= 255) && !/^(?:0|127)\./.test(found),
  },
  {
    by: '[ip]',
    pattern: /(?<![\w:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])/g,
    holds: isIpv6,
  },
];

/** Escapes of JSON, at any depth: their letters belong to no word and their digits to no number. */
const ESCAPE = /\\+(?:u[0-9A-Fa-f]{4}|[nrtbf"/])/g;

/** Finds personal data in `text`, whose characters must be single bytes, so that positions are those of the bytes. */
export function findPersonal(text: string): readonly Span[] {
  if (!/[@\d]/.test(text)) return [];
  const plain = text.includes('\\') ? text.replace(ESCAPE, (found) => ' '.repeat(found.length)) : text;
  const spans: Span[] = [];
  for (const { by, pattern, holds } of KINDS)
    for (const match of plain.matchAll(pattern)) {
      const [found] = match;
      if (holds && !holds(found)) continue;
      const end = match.index + found.length;
      // A number that stands as such in JSON must remain one.
      spans.push({ start: match.index, end, by: isBareNumber(plain, match.index, end) ? '0' : by });
    }
  return tidy(spans);
}

const digitsOf = (text: string): string => text.replace(/\D/g, '');
const within = (n: number, low: number, high: number): boolean => n >= low && n <= high;

function isBareNumber(text: string, start: number, end: number): boolean {
  if (!/^\d+$/.test(text.slice(start, end))) return false;
  return (
    /[:[,]\s*$/.test(text.slice(Math.max(0, start - 8), start)) && /^\s*[,\]}]/.test(text.slice(end, end + 8))
  );
}

/** Luhn: doubling every second digit from the right, the digit sum is a multiple of ten. Issuers begin with 2 to 6. */
function isCard(found: string): boolean {
  const digits = digitsOf(found);
  if (!within(digits.length, 13, 19) || !/^[2-6]/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    let digit = Number(digits[digits.length - 1 - i]);
    if (i % 2 === 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 === 0;
}

/** ISO 13616: the first four characters moved to the end, letters as 10 to 35, the number modulo 97 must be 1. */
function mod97(iban: string): number {
  const compact = iban.replaceAll(' ', '');
  if (!within(compact.length, 15, 34)) return 0;
  let rest = 0;
  for (const c of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(c, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}

/** All eight groups, or a `::` that is neither a time nor a scope of C++. */
function isIpv6(found: string): boolean {
  const groups = found.split(':');
  const empty = found.split('::').length - 1;
  if (empty > 1 || !/\d/.test(found)) return false;
  if (empty === 0) return groups.length === 8 && groups.every((group) => group !== '');
  return groups.filter((group) => group !== '').length >= 2 && /^(?:fe80|f[cd]|[23]\w{3}:)/i.test(found);
}
