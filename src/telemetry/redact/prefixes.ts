import { ALNUM, afterBreak, insideWord, is, runEnd, textAt, URL64 } from './bytes.ts';
import type { Span } from './span.ts';
import { looksDrawn, strengthOf } from './strength.ts';

/** Keys that name their issuer. The prefix is shown, what follows is masked. */
interface Prefix {
  readonly text: string;
  /** What the rest may consist of. */
  readonly tail: number;
  /** Shortest rest, bytes. */
  readonly min: number;
}

const key = (text: string, tail: number, min: number): Prefix => ({ text, tail, min });

/** Each ends with `-` or `_`, the bytes on which the scan stops. */
const PREFIXES: readonly Prefix[] = [
  // OpenAI and all who copied its form (Anthropic, OpenRouter, DeepSeek, Moonshot, Langfuse, …)
  key('sk-', URL64, 12),
  key('csk-', ALNUM, 16),
  key('gsk_', ALNUM, 16),
  key('xai-', ALNUM, 16),
  key('pplx-', ALNUM, 16),
  key('nvapi-', URL64, 16),
  key('hf_', ALNUM, 16),
  key('r8_', ALNUM, 16),
  key('tgp_v1_', URL64, 16),
  key('fw_', ALNUM, 16),
  key('lsv2_pt_', URL64, 16),
  key('lsv2_sk_', URL64, 16),
  key('tvly-', URL64, 16),
  // Midwatch's own
  key('mw_', URL64, 16),
  // code and packages
  key('ghp_', ALNUM, 16),
  key('gho_', ALNUM, 16),
  key('ghu_', ALNUM, 16),
  key('ghs_', ALNUM, 16),
  key('ghr_', ALNUM, 16),
  key('github_pat_', URL64, 16),
  key('glpat-', URL64, 16),
  key('gldt-', URL64, 16),
  key('glrt-', URL64, 16),
  key('npm_', ALNUM, 16),
  key('pypi-', URL64, 16),
  key('dckr_pat_', URL64, 16),
  // services
  key('xoxa-', URL64, 10),
  key('xoxb-', URL64, 10),
  key('xoxe-', URL64, 10),
  key('xoxo-', URL64, 10),
  key('xoxp-', URL64, 10),
  key('xoxr-', URL64, 10),
  key('xoxs-', URL64, 10),
  key('xapp-', URL64, 10),
  key('sk_live_', ALNUM, 10),
  key('sk_test_', ALNUM, 10),
  key('rk_live_', ALNUM, 10),
  key('rk_test_', ALNUM, 10),
  key('whsec_', ALNUM, 16),
  key('shpat_', ALNUM, 16),
  key('dop_v1_', ALNUM, 16),
  key('sbp_', ALNUM, 16),
  key('GOCSPX-', URL64, 16),
];

/** Further words of issuers behind a prefix, shown as well because they say whose key it was. */
const SUBPREFIXES = ['ant-api03-', 'ant-admin01-', 'ant-', 'proj-', 'svcacct-', 'admin-', 'or-v1-', 'lf-'];

/** The two bytes before the final `-` or `_` in five bits each: most dashes are refused by one look into this. */
const LAST_TWO = new Uint8Array(1_024);
const BY_LAST_TWO: (readonly Prefix[] | undefined)[] = [];
const lastTwo = (a: number, b: number): number => ((a & 31) << 5) | (b & 31);
for (const prefix of PREFIXES) {
  const end = prefix.text.length - 1;
  const code = lastTwo(prefix.text.charCodeAt(end - 2), prefix.text.charCodeAt(end - 1));
  LAST_TWO[code] = 1;
  BY_LAST_TWO[code] = [...(BY_LAST_TWO[code] ?? []), prefix];
}

export const mayEndPrefix = (b: Uint8Array, at: number): boolean =>
  LAST_TWO[lastTwo(b[at - 2]!, b[at - 1]!)] === 1;

/**
 * A key whose prefix ends at `at`, a `-` or `_`. A number says that up to there nothing looks drawn by chance, so that no
 * later prefix within needs to be tried: a run of `sk-sk-sk-…` stays linear.
 */
export function prefixed(b: Uint8Array, at: number): Span | number | undefined {
  const candidates = BY_LAST_TWO[lastTwo(b[at - 2] ?? 0, b[at - 1] ?? 0)];
  if (!candidates) return undefined;
  for (const { text, tail, min } of candidates) {
    const start = at + 1 - text.length;
    if (!textAt(b, start, text)) continue;
    const inWord = text === 'sk-' && insideWord(b, start);
    if (inWord && endsWord(b, start) && !isOldKey(b, at + 1)) return undefined;
    const rest = restOf(b, at + 1, tail);
    if (!rest.drawn || (inWord && rest.first - at > LONGEST_INSIDE)) return rest.first;
    if (rest.length >= min) return { start: afterSubprefix(b, at + 1), end: rest.end };
  }
  return undefined;
}

/** Longest key that is believed without a boundary before it; beyond it is a picture in base64url that happens to hold `sk-`. */
const LONGEST_INSIDE = 300;

function afterSubprefix(b: Uint8Array, at: number): number {
  for (const word of SUBPREFIXES) if (textAt(b, at, word)) return at + word.length;
  return at;
}

/**
 * What follows a prefix: to the end of the run, and past a line break when a mailer or a terminal has wrapped it, as long as
 * what comes then looks drawn by chance too.
 */
function restOf(b: Uint8Array, from: number, tail: number) {
  const first = runEnd(b, from, tail);
  let end = first;
  let length = first - from;
  let drawn = drawnBetween(b, from, first);
  for (let lines = 0; lines < 8; lines++) {
    const next = afterBreak(b, end);
    if (next === end) break;
    const stop = runEnd(b, next, tail);
    if (!continues(b, next, stop)) break;
    length += stop - next;
    drawn ||= drawnBetween(b, next, stop);
    end = stop;
  }
  return { first, end, length, drawn };
}

const drawnBetween = (b: Uint8Array, start: number, end: number): boolean =>
  looksDrawn(strengthOf(b, start, end));

const continues = (b: Uint8Array, start: number, end: number): boolean => {
  if (end - start < 6) return false;
  const s = strengthOf(b, start, end);
  return s.digits > 0 || (s.upper > 1 && s.lower > 1) || s.longest >= 20;
};

/** `task-`, `disk-`, `risk-` and their like end as a key begins, and ids follow them. English has a vowel before that `sk`. */
const endsWord = (b: Uint8Array, start: number): boolean =>
  VOWELS.includes(String.fromCharCode(b[start - 1] ?? 0));
const VOWELS = 'aeiouAEIOU';

/** The make of a key from before there were projects: 48 letters and digits. It is believed even behind a vowel. */
function isOldKey(b: Uint8Array, from: number): boolean {
  const s = strengthOf(b, from, runEnd(b, from, ALNUM, 64));
  return s.length >= 40 && s.length < 64 && s.digits > 0 && s.upper > 1 && s.lower > 1;
}

/** Length of the issuer's prefix at `at`, 0 when none stands there; so that a masked value still says whose key it was. */
export function prefixLength(b: Uint8Array, at: number): number {
  for (const { text } of PREFIXES) if (textAt(b, at, text)) return afterSubprefix(b, at + text.length) - at;
  for (const text of ['AIza', 'AKIA', 'ASIA', 'eyJ']) if (textAt(b, at, text)) return text.length;
  return 0;
}

/** Google API keys: `AIza` and 35 bytes of base64url. `at` is the `z`. */
export function google(b: Uint8Array, at: number): Span | undefined {
  if (!textAt(b, at - 2, 'AIza')) return undefined;
  const end = runEnd(b, at + 2, URL64, 64);
  const length = end - (at + 2);
  // Inside a picture in base64 the same four letters stand once in sixteen megabytes, with long runs around them.
  return length >= 30 && length < 64 && !longRunBefore(b, at - 2) ? { start: at + 2, end } : undefined;
}

/** AWS access key ids: `AKIA` or `ASIA` and 16 capitals or digits. `at` is the second letter. */
export function amazon(b: Uint8Array, at: number): Span | undefined {
  if (b[at - 1] !== 0x41 || b[at + 1] !== 0x49 || b[at + 2] !== 0x41) return undefined;
  let end = at + 3;
  let digits = 0;
  for (; end < at + 44; end++) {
    if (is(b, end, 4)) digits++;
    else if (!is(b, end, 2)) break;
  }
  const length = end - (at + 3);
  return length >= 16 && length < 40 && digits > 0 && !longRunBefore(b, at - 1)
    ? { start: at + 3, end }
    : undefined;
}

function longRunBefore(b: Uint8Array, at: number): boolean {
  for (let i = at - 1; i > at - 40; i--) if (!is(b, i, URL64 | 16)) return false;
  return at >= 40;
}

/** SendGrid: `SG.`, 22 bytes, dot, 43 bytes. `at` is the `S`. */
export function sendgrid(b: Uint8Array, at: number): Span | undefined {
  if (!textAt(b, at, 'SG.')) return undefined;
  const dot = runEnd(b, at + 3, URL64, 32);
  if (dot - at < 19 || b[dot] !== 0x2e) return undefined;
  const end = runEnd(b, dot + 1, URL64, 64);
  return end - dot > 30 ? { start: at + 3, end } : undefined;
}

/**
 * JSON web tokens: `eyJ`, which is `{"` in base64, and at least three parts between dots. `at` is the `J`. The result is a
 * number when there is none: up to there no further `eyJ` need be looked at, which keeps a run of them linear.
 */
export function jwt(b: Uint8Array, at: number): Span | number {
  if (!textAt(b, at - 2, 'eyJ')) return at;
  let end = at - 2;
  let parts = 0;
  for (;;) {
    const stop = runEnd(b, end, URL64);
    if (stop - end < (parts === 0 ? 12 : 1)) break;
    parts++;
    end = stop;
    // A token wrapped by a mailer goes on after the break.
    for (let next = afterBreak(b, end); next > end; next = afterBreak(b, end)) {
      const more = runEnd(b, next, URL64);
      // A short rest of a part is known by the dot behind it.
      if (!continues(b, next, more) && (more === next || b[more] !== 0x2e)) break;
      end = more;
    }
    if (b[end] !== 0x2e || parts === 5) break;
    end++;
  }
  if (b[end - 1] === 0x2e) end--;
  return parts >= 3 || (parts === 2 && end - at > 60) ? { start: at + 1, end } : end;
}

/** `Bearer` and a token that looks drawn by chance. `at` is the `B`. */
export function bearer(b: Uint8Array, at: number): Span | undefined {
  if (!EARER.every((byte, i) => ((b[at + 1 + i] ?? 0) | 0x20) === byte)) return undefined;
  let from = at + 6;
  while (b[from] === 0x20) from++;
  if (from === at + 6) return undefined;
  let end = runEnd(b, from, URL64 | 16, 4096);
  while (b[end] === 0x3d) end++;
  if (b[end - 1] === 0x2e) end--;
  if (end - from < 16 || !drawnBetween(b, from, end)) return undefined;
  return { start: from + prefixLength(b, from), end };
}

const EARER = [0x65, 0x61, 0x72, 0x65, 0x72];
