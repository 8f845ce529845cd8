/**
 * How providers spell a span or an instant in a header. Each reader returns milliseconds, or undefined for what is not
 * such a spelling: garbage is never a wait.
 *
 * Reference: RFC 9110 §5.6.7 (three date forms) and §10.2.3 (Retry-After); RFC 3339; Go's time.Duration for `1m2.5s`.
 */

const PLAIN = /^\d{1,15}(?:\.\d{1,9})?$/;
const UNITS = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
} as const;
const DURATION = /^(?:\d{1,9}(?:\.\d{1,9})?(?:d|h|ms|m|s|us|µs|ns))+$/;
const PART = /(\d+(?:\.\d+)?)(d|h|ms|m|s|us|µs|ns)/g;
const INSTANT = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const IMF = /^[a-z]{3}, (\d{2}) ([a-z]{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) gmt$/;
const RFC850 = /^[a-z]{6,9}, (\d{2})-([a-z]{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) gmt$/;
const ASCTIME = /^[a-z]{3} ([a-z]{3}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/;

/** A number without sign or exponent. `Number` alone would take ``, ` `, `0x10`, `1e9` and `Infinity`. */
export function readNumber(text: string): number | undefined {
  // Whole numbers are the rule and this is read with every answer: no expression machine for them.
  let whole = 0;
  let i = 0;
  for (; i < text.length && i < 15; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) break;
    whole = whole * 10 + digit;
  }
  if (i > 0 && i === text.length) return whole;
  return PLAIN.test(text) ? Number(text) : undefined;
}

/** `1m2.5s`, `6ms`, `1h`, `1d2h`: the spelling of OpenAI's and Groq's reset headers. */
export function readDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(PART))
    sum += Number(amount) * UNITS[unit as keyof typeof UNITS];
  return sum;
}

function utc(
  year: number,
  month: string,
  day: string,
  hour: string,
  minute: string,
  second: string,
): number | undefined {
  const at = Date.UTC(year, MONTHS.indexOf(month), Number(day), Number(hour), Number(minute), Number(second));
  // Date.UTC rolls a 31 February over into March; a header that says so is garbage. Second 60 is a leap second.
  const d = new Date(at);
  const sound =
    MONTHS.includes(month) &&
    Number(second) <= 60 &&
    Number(minute) < 60 &&
    (d.getUTCDate() === Number(day) || Number(second) === 60) &&
    Number(hour) < 24;
  return sound ? at : undefined;
}

/**
 * The three forms of an HTTP date. Not `Date.parse`: it takes `2` for a year, and a date without a zone for local time.
 * `now` places the two-digit year of the obsolete form within fifty years.
 */
export function readHttpDate(text: string, now: number): number | undefined {
  const lower = text.toLowerCase();
  const imf = IMF.exec(lower);
  if (imf) return utc(Number(imf[3]), imf[2]!, imf[1]!, imf[4]!, imf[5]!, imf[6]!);
  const old = RFC850.exec(lower);
  if (old) {
    const thisYear = new Date(now).getUTCFullYear();
    let year = thisYear - (thisYear % 100) + Number(old[3]);
    if (year > thisYear + 50) year -= 100;
    else if (year <= thisYear - 50) year += 100;
    return utc(year, old[2]!, old[1]!, old[4]!, old[5]!, old[6]!);
  }
  const asc = ASCTIME.exec(lower);
  return asc ? utc(Number(asc[6]), asc[1]!, asc[2]!.trim(), asc[3]!, asc[4]!, asc[5]!) : undefined;
}

const two = (text: string, at: number) => (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;
const SEPARATORS = [4, 7, 10, 13, 16, 19];
const SHAPE = '--T::Z';

/** The one form that is sent, four of them with every answer of Anthropic; all others take the long way. */
function wholeSeconds(text: string): number | undefined {
  if (text.length !== 20) return undefined;
  for (let i = 0, s = 0; i < 20; i++) {
    const code = text.charCodeAt(i);
    if (i === SEPARATORS[s]) {
      if (code !== SHAPE.charCodeAt(s++)) return undefined;
    } else if (code < 48 || code > 57) return undefined;
  }
  const month = two(text, 5);
  const day = two(text, 8);
  // Date.UTC would roll over what does not exist.
  if (month < 1 || month > 12 || day < 1 || day > 28) return undefined;
  const [hour, minute, second] = [two(text, 11), two(text, 14), two(text, 17)];
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  return Date.UTC(two(text, 0) * 100 + two(text, 2), month - 1, day, hour, minute, second);
}

/** `2026-01-31T12:00:00Z`: the spelling of Anthropic's reset headers. */
export function readInstant(text: string): number | undefined {
  const fast = wholeSeconds(text);
  if (fast !== undefined) return fast;
  if (!INSTANT.test(text)) return undefined;
  const at = Date.parse(text.replace(' ', 'T'));
  return Number.isNaN(at) ? undefined : at;
}
