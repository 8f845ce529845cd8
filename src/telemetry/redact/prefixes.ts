import { ALNUM, afterBreak, B64, insideWord, is, runEnd, textAt, URL64 } from './bytes.ts';
import type { Span } from './span.ts';
import { looksDrawn, strengthOf } from './strength.ts';

/** Keys that name their issuer. The prefix is shown, what follows is masked. */
interface Prefix {
  readonly text: string;
  /** What the rest may consist of. */
  readonly tail: number;
  /** Shortest rest, bytes. */
  readonly min: number;
  /** Short enough to end a word of prose or code by chance: nothing may stand directly before it. */
  readonly apart?: true;
}

const key = (text: string, tail: number, min: number): Prefix => ({ text, tail, min });
const apart = (text: string, tail: number, min: number): Prefix => ({ text, tail, min, apart: true });

/** Each ends with `-`, `_` or `.`, bytes on which the scan stops. */
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
  apart('e2b_', ALNUM, 32),
  key('jina_', URL64, 32),
  apart('pa-', URL64, 40),
  key('bedrock-api-key-', ALNUM | B64, 40),
  // Midwatch's own
  key('mw_', URL64, 16),
  key('mwa_', URL64, 16),
  key('mws_', URL64, 16),
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
  key('dckr_oat_', URL64, 16),
  key('glptt-', ALNUM, 16),
  key('glsoat-', URL64, 16),
  key('glcbt-', URL64, 16),
  key('rubygems_', ALNUM, 32),
  key('CLOJARS_', ALNUM, 32),
  key('sgp_', URL64, 32),
  key('bkua_', ALNUM, 32),
  key('CCIPAT_', URL64, 32),
  key('ops_', URL64, 60),
  apart('pul-', ALNUM, 32),
  key('AGE-SECRET-KEY-', ALNUM, 40),
  key('hvs.', URL64, 20),
  key('hvb.', URL64, 20),
  key('dp.pt.', ALNUM, 32),
  key('dp.st.', ALNUM | B64, 40),
  key('atlasv1.', URL64, 32),
  apart('pnu_', ALNUM, 32),
  apart('st.', ALNUM | B64, 60),
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
  key('ya29.', URL64, 24),
  key('shpss_', ALNUM, 16),
  key('shppa_', ALNUM, 16),
  key('shpca_', ALNUM, 16),
  key('sq0csp-', URL64, 16),
  key('sq0atp-', URL64, 16),
  key('FLWSECK-', URL64, 24),
  apart('key-', ALNUM, 32),
  key('xkeysib-', URL64, 32),
  key('xsmtpsib-', URL64, 32),
  apart('re_', URL64, 32),
  key('doo_v1_', ALNUM, 32),
  key('dor_v1_', ALNUM, 32),
  key('HRKU-', URL64, 32),
  apart('fm2_', ALNUM | B64, 40),
  apart('rnd_', ALNUM, 24),
  apart('nfp_', ALNUM, 32),
  apart('vcp_', ALNUM, 24),
  key('tskey-auth-', URL64, 24),
  key('tskey-api-', URL64, 24),
  key('sb_secret_', URL64, 20),
  key('napi_', ALNUM, 40),
  key('pscale_pw_', URL64, 24),
  key('pscale_tkn_', URL64, 24),
  apart('secret_', ALNUM, 40),
  key('ntn_', ALNUM, 40),
  key('lin_api_', ALNUM, 32),
  key('figd_', URL64, 32),
  key('pat-na1-', URL64, 32),
  key('pat-eu1-', URL64, 32),
  apart('tfp_', URL64, 40),
  key('CFPAT-', URL64, 40),
  key('PMAK-', URL64, 32),
  key('sntrys_', ALNUM | B64, 32),
  key('sntryu_', ALNUM, 32),
  key('glsa_', URL64, 32),
  key('glc_', ALNUM | B64, 40),
  key('NRAK-', ALNUM, 24),
  key('NRII-', URL64, 24),
  key('hcaik_', ALNUM, 40),
  key('dt0c01.', ALNUM | B64, 60),
  apart('sdk-', URL64, 32),
  apart('aio_', ALNUM, 24),
  key('duffel_live_', URL64, 32),
  key('shippo_live_', ALNUM, 32),
  apart('sl.', URL64, 100),
];

/** Further words of issuers behind a prefix, shown as well because they say whose key it was. */
const SUBPREFIXES = ['ant-api03-', 'ant-admin01-', 'ant-', 'proj-', 'svcacct-', 'admin-', 'or-v1-', 'lf-'];

/** The two bytes before the final byte in five bits each: most dashes are refused by one look into this. */
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
 * A key whose prefix ends at `at`, a `-`, `_` or `.`. A number says that up to there nothing looks drawn by chance, so that no
 * later prefix within needs to be tried: a run of `sk-sk-sk-…` stays linear.
 */
export function prefixed(b: Uint8Array, at: number): Span | number | undefined {
  const candidates = BY_LAST_TWO[lastTwo(b[at - 2] ?? 0, b[at - 1] ?? 0)];
  if (!candidates) return undefined;
  for (const { text, tail, min, apart } of candidates) {
    const start = at + 1 - text.length;
    if (!textAt(b, start, text) || (apart && insideWord(b, start))) continue;
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

/** Twilio: `SK` and 32 hexadecimal digits; Artifactory: `AKCp` and letters or digits; Bedrock: `ABSK` and base64. `at` is the `K`. */
export function ofK(b: Uint8Array, at: number): Span | undefined {
  if (textAt(b, at - 3, 'ABSK') && !insideWord(b, at - 3)) {
    const end = runEnd(b, at + 1, ALNUM | B64, 256);
    return end - at > 100 && end - at < 200 ? { start: at + 1, end } : undefined;
  }
  const twilio = b[at - 1] === 0x53;
  if (insideWord(b, at - 1) || (!twilio && !textAt(b, at + 1, 'Cp'))) return undefined;
  const end = runEnd(b, at + 1, ALNUM, 128);
  const length = end - (at + 1);
  if (!twilio) return length >= 60 && length < 100 ? { start: at + 3, end } : undefined;
  if (length !== 32) return undefined;
  for (let i = at + 1; i < end; i++) if (!is(b, i, 4) && (b[i]! < 0x61 || b[i]! > 0x66)) return undefined;
  return { start: at + 1, end };
}

/** A bot of Telegram: its number, `:AA` and 33 bytes. `at` is the colon. */
export function telegram(b: Uint8Array, at: number): Span | undefined {
  let digits = at;
  while (at - digits < 11 && is(b, digits - 1, 4)) digits--;
  const end = runEnd(b, at + 1, URL64, 48);
  return at - digits >= 8 && at - digits <= 10 && end - at === 36 ? { start: at + 1, end } : undefined;
}

/** A bot of Discord: its number in base64, dot, 6 bytes, dot, 27 bytes or more. `at` is the first dot, and the second is where it should be. */
export function discord(b: Uint8Array, at: number): Span | undefined {
  let start = at;
  while (at - start < 30 && is(b, start - 1, URL64)) start--;
  const length = at - start;
  const first = b[start] ?? 0;
  const end = runEnd(b, at + 8, URL64, 48);
  const fits = length >= 23 && length <= 28 && first >= 0x4d && first <= 0x4f && end - (at + 8) >= 27;
  return fits && drawnBetween(b, at + 8, end) ? { start: at + 1, end } : undefined;
}

/** Addresses that let whoever knows them post. */
const HOOKS = [
  'hooks.slack.com/services/',
  'hooks.slack.com/workflows/',
  'discord.com/api/webhooks/',
  'discordapp.com/api/webhooks/',
  'hooks.zapier.com/hooks/catch/',
];

/** What follows the host and folder of a webhook. `at` is the colon of its scheme. */
export function webhook(b: Uint8Array, at: number): Span | undefined {
  for (const text of HOOKS) {
    if (!textAt(b, at + 3, text)) continue;
    const start = at + 3 + text.length;
    const end = runEnd(b, start, URL64 | B64, 256);
    return end - start > 8 ? { start, end } : undefined;
  }
  return undefined;
}

/** A client secret of Entra: three bytes, a digit, `Q~`, 31 to 34 bytes. `at` is the `~`. */
export function entra(b: Uint8Array, at: number): Span | undefined {
  if (b[at - 1] !== 0x51 || !is(b, at - 2, 4) || !is(b, at - 5, ALNUM | B64)) return undefined;
  const end = runEnd(b, at + 1, URL64 | B64, 40);
  return end - at > 31 && end - at <= 36 ? { start: at + 1, end } : undefined;
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
