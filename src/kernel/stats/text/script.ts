/**
 * Language by script: what can be told from the letters alone.
 *
 * Formula: share of letters per Unicode script; Kana → ja, Hangul → ko, Han without Kana → zh, Thai, Hebrew, Greek, Armenian, Georgian … → their one language; scripts of many languages are tagged und-Latn, und-Cyrl, und-Arab, und-Deva.
 * Assumes: nothing about words: it tells German from Greek, never German from English.
 * Cost: O(letters).
 * Lies when: text is transliterated, or is code with comments in another script: read the shares.
 * Reference: Unicode Standard Annex 24 (scripts); BCP 47 (tags).
 */
import { StatsError } from '../error.ts';

const SCRIPTS: readonly (readonly [string, RegExp, string])[] = [
  ['Latin', /\p{Script=Latin}/gu, 'und-Latn'],
  ['Han', /\p{Script=Han}/gu, 'zh'],
  ['Hiragana', /\p{Script=Hiragana}/gu, 'ja'],
  ['Katakana', /\p{Script=Katakana}/gu, 'ja'],
  ['Hangul', /\p{Script=Hangul}/gu, 'ko'],
  ['Cyrillic', /\p{Script=Cyrillic}/gu, 'und-Cyrl'],
  ['Arabic', /\p{Script=Arabic}/gu, 'und-Arab'],
  ['Devanagari', /\p{Script=Devanagari}/gu, 'und-Deva'],
  ['Greek', /\p{Script=Greek}/gu, 'el'],
  ['Hebrew', /\p{Script=Hebrew}/gu, 'he'],
  ['Thai', /\p{Script=Thai}/gu, 'th'],
  ['Bengali', /\p{Script=Bengali}/gu, 'bn'],
  ['Tamil', /\p{Script=Tamil}/gu, 'ta'],
  ['Telugu', /\p{Script=Telugu}/gu, 'te'],
  ['Gujarati', /\p{Script=Gujarati}/gu, 'gu'],
  ['Kannada', /\p{Script=Kannada}/gu, 'kn'],
  ['Malayalam', /\p{Script=Malayalam}/gu, 'ml'],
  ['Gurmukhi', /\p{Script=Gurmukhi}/gu, 'pa'],
  ['Sinhala', /\p{Script=Sinhala}/gu, 'si'],
  ['Georgian', /\p{Script=Georgian}/gu, 'ka'],
  ['Armenian', /\p{Script=Armenian}/gu, 'hy'],
  ['Ethiopic', /\p{Script=Ethiopic}/gu, 'am'],
  ['Khmer', /\p{Script=Khmer}/gu, 'km'],
  ['Lao', /\p{Script=Lao}/gu, 'lo'],
  ['Myanmar', /\p{Script=Myanmar}/gu, 'my'],
];

export interface ScriptReport {
  /** BCP 47 tag; 'und' without letters or in an unknown script. */
  readonly language: string;
  /** Share of the letters in each script seen, largest first. */
  readonly shares: readonly { readonly script: string; readonly share: number }[];
  readonly letters: number;
}

export function languageByScript(text: string): ScriptReport {
  if (typeof text !== 'string') throw new StatsError('text', 'must be a string');
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  if (letters === 0) return { language: 'und', shares: [], letters };
  const seen = SCRIPTS.map(([script, pattern, language]) => ({
    script,
    language,
    count: (text.match(pattern) ?? []).length,
  })).filter(({ count }) => count > 0);
  const byLanguage = new Map<string, number>();
  for (const { language, count } of seen) byLanguage.set(language, (byLanguage.get(language) ?? 0) + count);
  // Japanese is written in Han as well: a tenth of Kana beside Han decides for it.
  const kana = byLanguage.get('ja') ?? 0;
  const han = byLanguage.get('zh') ?? 0;
  if (kana > 0 && kana >= 0.1 * (kana + han)) {
    byLanguage.set('ja', kana + han);
    byLanguage.delete('zh');
  }
  const top = [...byLanguage].sort((a, b) => b[1] - a[1])[0];
  return {
    language: top?.[0] ?? 'und',
    shares: seen
      .sort((a, b) => b.count - a.count)
      .map(({ script, count }) => ({ script, share: Math.min(1, count / letters) })),
    letters,
  };
}
